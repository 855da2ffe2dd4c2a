/**
 * A worker as a process of its own, for the story of cron: it does what the jobs of the action `deliver` ask for, at each of
 * the gateways, and carries out the runs that those of the action `run` started. Now and then it fails, and is tried again.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { connectDaybook, type Daybook } from '@daybook/client'

/** A service that is stopped answers nothing; whoever asks it asks again. */
const ANSWER_MS_MAX = 4_000
const FAILING = 0.05

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

const token = setting('DAYBOOK_TOKEN')

interface Claimed {
  readonly job: string
  readonly run: string
  readonly token: number
  readonly cancelRequested?: boolean
}

async function post(url: string, path: string, body: object): Promise<any> {
  const answer = await fetch(`${url}/v1/cron/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  })
  return answer.json()
}

/** Told until it is heard: finished, or the lease is lost by now. */
async function finish(url: string, { job, run, token: lease, cancelRequested }: Claimed): Promise<void> {
  const failed = { status: 'failed', error: { class: 'bad-luck', message: 'Now and then.', retryable: true } }
  const ended = { status: cancelRequested === true ? 'cancelled' : 'succeeded', result: { run } }
  const body = { token: lease, ...(Math.random() < FAILING ? failed : ended) }
  for (let tries = 0; tries < 20; tries += 1) {
    const { code } = await post(url, `jobs/${job}/runs/${run}/finish`, body).catch(() => ({
      code: 'unavailable',
    }))
    if (code !== 'unavailable' && code !== 'timeout' && code !== 'overloaded') return
    await pause(100)
  }
}

async function work(url: string, worker: string): Promise<never> {
  for (;;) {
    const { runs = [] } = await post(url, 'runs/claim?wait=1s', { worker, limit: 20 }).catch(() => ({}))
    await Promise.all(runs.map((claimed: Claimed) => finish(url, claimed)))
    if (runs.length === 0) await pause(50)
  }
}

async function carryOut(daybook: Daybook): Promise<never> {
  for (;;) {
    const { items } = await daybook.runs.page({ status: 'created', processId: 'story', limit: 50 })
    await Promise.all(
      items.map(async ({ runId, cancelRequestedAt }) => {
        if (cancelRequestedAt !== undefined) await daybook.runs.cancel(runId)
        else if (Math.random() < FAILING)
          await daybook.runs.fail(runId, { error: { name: 'Error', message: 'Now and then.' } })
        else await daybook.runs.complete(runId)
      }),
    ).catch(() => undefined)
    await pause(100)
  }
}

const urls = setting('GATEWAY_URLS').split(',')
const daybook = await connectDaybook({ url: urls[0] ?? '', token })
process.stdout.write('working\n')
await Promise.all([...urls.map((url, index) => work(url, `worker-${index}`)), carryOut(daybook)])
