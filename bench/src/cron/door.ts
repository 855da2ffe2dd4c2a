import { type Bus, connectBus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { subjects } from '@daybook/events'
import { requestTimeoutMs } from '../append/daybook.ts'
import type { Heard } from './heard.ts'
import { type BenchJob, type JobBody, keyOfStart } from './jobs.ts'

/** The cron service through NATS, as other services ask it. */
export class CronDoor implements AsyncDisposable {
  readonly #bus: Bus

  private constructor(bus: Bus) {
    this.#bus = bus
  }

  static async open(natsUrl: string): Promise<CronDoor> {
    return new CronDoor(await connectBus({ servers: natsUrl, name: 'daybook-bench', wait: true }))
  }

  /** Answers how many a second. */
  async create(jobs: readonly BenchJob[], signal: AbortSignal): Promise<number> {
    const startedAt = performance.now()
    const left = jobs.values()
    const caller = async (): Promise<void> => {
      for (const { body } of left) {
        signal.throwIfAborted()
        await this.#createOne(body)
      }
    }
    await Promise.all(Array.from({ length: CALLERS }, caller))
    return (jobs.length * 1_000) / (performance.now() - startedAt)
  }

  async #createOne(body: JobBody): Promise<void> {
    const text = await this.#ask('create', body)
    const { name }: { name?: string } = JSON.parse(text)
    if (name !== body.name) throw unexpected('create', text)
  }

  /** Notes what jobs publish under the subject `bench.<word>`. */
  listen(word: string, heard: Heard): AsyncDisposable {
    return this.#bus.listen(subjects.app('main', `bench.${word}`), ({ headers }) => {
      // <job>:<run>:<attempt>
      const id = headers['Nats-Msg-Id'] ?? ''
      heard.note(id.slice(0, id.lastIndexOf(':')))
    })
  }

  /** A worker that claims whatever it can, notes it, and ends it at once. What goes wrong is told to `failed`. */
  work(heard: Heard, failed: (error: unknown) => void): AsyncDisposable {
    const stopped = new AbortController()
    const take = async (): Promise<void> => {
      while (!stopped.signal.aborted) {
        const claimed = await this.#claim()
        for (const { job, run } of claimed) heard.note(keyOfStart(job, run))
        for (const each of claimed) this.#finish(each).catch(failed)
      }
    }
    const loop = take().catch(failed)
    return {
      async [Symbol.asyncDispose]() {
        stopped.abort()
        await loop
      },
    }
  }

  async #claim(): Promise<Claimed[]> {
    const text = await this.#ask('claim', { worker: 'bench', limit: CLAIMED_MAX, wait: WAIT })
    const { runs }: { runs?: Claimed[] } = JSON.parse(text)
    if (runs === undefined) throw unexpected('claim', text)
    return runs
  }

  async #finish({ job, run, token }: Claimed): Promise<void> {
    const text = await this.#ask('finish', { job, run, token, status: 'succeeded' })
    const answer: { run?: { state?: string } } = JSON.parse(text)
    if (answer.run?.state !== 'succeeded') throw unexpected('finish', text)
  }

  async #ask(command: string, body: object): Promise<string> {
    const subject = subjects.rpc('main', 'cron', command)
    const reply = await this.#bus.request(subject, JSON.stringify(body), { timeoutMs: requestTimeoutMs })
    return reply.text()
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#bus[Symbol.asyncDispose]()
  }
}

/** A run that the worker has. */
interface Claimed {
  job: string
  run: string
  token: number
}

/** As many as keep the journal's batches full. */
const CALLERS = 64
/** The most that can be claimed at once. */
const CLAIMED_MAX = 100
/** Stopping takes no longer. */
const WAIT = '1s'

function unexpected(command: string, text: string): DaybookError {
  return new DaybookError('internal', `The cron service answered a ${command}: ${text.slice(0, 500)}`)
}
