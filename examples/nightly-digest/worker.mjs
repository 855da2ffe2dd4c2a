// Does the runs of the process nightly-digest, whoever starts them: the job of that name, or a person.
import { readFile } from 'node:fs/promises'
import { connectDaybook } from '@daybook/client'

const PROCESS = 'nightly-digest'
const MEMORY = 'memory/agent/nightly-digest'

const daybook = await connectDaybook({
  url: process.env.DAYBOOK_URL ?? 'http://127.0.0.1:7400',
  token: process.env.DAYBOOK_TOKEN ?? (await readFile('.daybook/token', 'utf8')).trim(),
})
const stop = new AbortController()
for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => stop.abort())

// First what was created while nobody was here, then what is created from there on: nothing in between is left out.
const { position } = await daybook.eventsPage({ limit: 1 })
for await (const { runId } of daybook.runs.list({ processId: PROCESS, status: 'created' }))
  await digest(runId)
const created = { kinds: ['run'], types: ['RUN_CREATED'], after: position, signal: stop.signal }
for await (const { data } of daybook.subscribe(created))
  if (data.processId === PROCESS) await digest(data.runId)

/**
 * Makes the digest of a run. What is to be remembered and the end of the run are one append: both are journaled or neither, so
 * a worker may die at any moment, and of two workers that meet here one is refused.
 */
export async function digest(runId) {
  const stream = `run/${runId}`
  const [first, ...further] = await Array.fromAsync(daybook.stream(stream))
  if (further.length > 0) return // somebody has done it already, or has it cancelled
  const last = await lastDigest()
  const found = await count(last?.position ?? 0)
  const text = textOf(found, last)
  const memory = daybook.draft({
    type: 'MEMORY_RETAINED',
    stream: MEMORY,
    key: `run:${runId}`, // so that a run is remembered once, whatever happens
    data: {
      text,
      tags: ['digest'],
      metadata: found,
      source: 'summary',
      sourceEventId: first.id,
      confidence: 1,
    },
  })
  const end = daybook.draft({ type: 'RUN_COMPLETED', stream, data: { output: { text } } })
  try {
    await daybook.append([memory, end], { expect: { [stream]: first.seq } })
    process.stdout.write(`worker ${process.pid}: ${runId}: ${text}\n`)
  } catch (error) {
    if (error.code !== 'seq-conflict') throw error
  }
}

/** What the last run has left for this one. */
async function lastDigest() {
  try {
    const { items } = await daybook.streamPage(MEMORY, {
      types: ['MEMORY_RETAINED'],
      reverse: true,
      limit: 1,
    })
    return items[0]?.data.metadata
  } catch (error) {
    if (error.code === 'not-found') return undefined // the first digest of all
    throw error
  }
}

/** Stands for an agent that reads what happened. Its own runs and memories are nothing to tell of. */
async function count(after) {
  const found = { position: after, events: 0, runs: 0, failed: [] }
  const isOwn = new Set()
  for await (const { position: at, stream, type, data } of daybook.events({ after })) {
    found.position = at
    if (type === 'RUN_CREATED' && data.processId === PROCESS) isOwn.add(stream)
    if (isOwn.has(stream) || stream === MEMORY || stream.startsWith('cron/')) continue
    found.events += 1
    if (type === 'RUN_CREATED') found.runs += 1
    if (type === 'RUN_FAILED') found.failed.push(stream.slice('run/'.length))
  }
  return found
}

function textOf({ events, runs, failed }, last) {
  const since = last === undefined ? 'since the beginning' : `since event ${last.position}`
  const failures = failed.length === 0 ? 'none of them failed' : `failed: ${failed.slice(0, 20).join(', ')}`
  return `${events} events ${since}, ${runs} runs begun, ${failures}.`
}
