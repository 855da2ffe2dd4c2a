/**
 * A bot as a process of its own, for the stories of inbound messages. What it does is recorded by a platform that cannot die;
 * where a message says `die <step>`, it kills itself at that step, the first time.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectDaybook } from '@daybook/client'

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

const platform = setting('PLATFORM_URL')
const deaths = setting('DEATHS_FOLDER')
const workMs = Number(process.env['WORK_MS'] ?? 5)
const leaseMs = process.env['LEASE_MS']

async function tell(path: string, body: object): Promise<void> {
  const answer = await fetch(`${platform}${path}`, { method: 'POST', body: JSON.stringify(body) })
  await answer.arrayBuffer()
}

/** A file per message and step, so that whoever comes after the dead one gets on. */
function dieOnce(text: string, step: string, key: string): void {
  if (!text.includes(`die ${step}`)) return
  try {
    writeFileSync(join(deaths, `${key}-${step}`), '', { flag: 'wx' })
  } catch {
    return
  }
  process.kill(process.pid, 'SIGKILL')
}

function textOf(payload: unknown): string {
  const text = typeof payload === 'object' && payload !== null && 'text' in payload ? payload.text : ''
  return typeof text === 'string' ? text : ''
}

const daybook = await connectDaybook({ url: setting('GATEWAY_URL'), token: setting('DAYBOOK_TOKEN') })
const workers = ['chat', 'pager'].map((source) =>
  daybook.inbound.handle(
    source,
    async ({ key, payload }, { attempt }) => {
      const text = textOf(payload)
      dieOnce(text, 'claimed', key)
      await pause(workMs)
      await tell('/work', { key, attempt })
      dieOnce(text, 'worked', key)
      return { text, answer: `done ${key}` }
    },
    {
      concurrency: 3,
      waitMs: 1_000,
      worker: setting('WORKER'),
      ...(leaseMs !== undefined && { leaseMs: Number(leaseMs) }),
      send: async ({ key, payload }, { idempotencyKey, mayBeDuplicate }) => {
        const text = textOf(payload)
        dieOnce(text, 'before-send', key)
        await tell('/send', { key, idempotencyKey, mayBeDuplicate })
        dieOnce(text, 'after-send', key)
        return { at: idempotencyKey }
      },
    },
  ),
)
process.stdout.write('working\n')
await Promise.all(workers.map(async ({ done }) => await done))
await daybook[Symbol.asyncDispose]()
