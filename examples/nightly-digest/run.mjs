// Makes the nightly job, runs it now, and shows what came of it and where. --nights: stays, and does the runs of the nights.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectDaybook } from '@daybook/client'

const NAME = 'nightly-digest'
const OPEN = new Set(['queued', 'active', 'retrying'])
const url = process.env.DAYBOOK_URL ?? 'http://127.0.0.1:7400'
const token = process.env.DAYBOOK_TOKEN ?? (await readFile('.daybook/token', 'utf8')).trim()
const daybook = await connectDaybook({ url, token })

const definition = JSON.parse(await readFile(new URL('job.json', import.meta.url), 'utf8'))
await daybook.cron.create({ name: NAME, ...definition }) // the same job again is no error
const { next } = await daybook.cron.next(NAME, { n: 3 })
say('next times', ...next.map(({ at, local }) => `${local} (${at})`))

const path = fileURLToPath(new URL('worker.mjs', import.meta.url))
const env = { ...process.env, DAYBOOK_URL: url, DAYBOOK_TOKEN: token }
const worker = spawn(process.execPath, [path], { env, stdio: 'inherit' })
const ended = new Promise((resolve) => worker.once('exit', resolve))

const run = await untilEnded(await daybook.cron.runNow(NAME, { requestId: randomUUID() }))
say('run of the job', `${run.run}: ${run.state}`)
say('run that it began', run.target)
const [memory] = (await daybook.streamPage(`memory/agent/${NAME}`, { reverse: true, limit: 1 })).items
say('remembered', memory.data.text)
say('in the journal', `${memory.stream}, event ${memory.seq}, position ${memory.position}`)
if (!process.argv.includes('--nights')) worker.kill('SIGTERM')
await ended

async function untilEnded(begun) {
  for (let now = begun; ; ) {
    if (!OPEN.has(now.state)) return now
    await pause(200)
    now = await daybook.cron.run(NAME, begun.run).catch(unlessMissing(now))
  }
}

/** The history may be a moment behind what was just decided. */
function unlessMissing(before) {
  return (error) => {
    if (error.code === 'not-found') return before
    throw error
  }
}

function say(name, ...lines) {
  for (const [index, line] of lines.entries())
    process.stdout.write(`${(index === 0 ? name : '').padEnd(18)}${line}\n`)
}
