import type { ServerResponse } from 'node:http'
import { DaybookError, type JsonObject } from '@daybook/errors'
import {
  type CronCommand,
  type CronJob,
  type CronRun,
  decideCron,
  evolveCron,
  type JobDefinition,
  jobOfStream,
  streamOfJob,
} from '@daybook/events'
import { type Body, ScriptedServer } from './scripted-server.ts'

type Circumstance = 'now' | 'slotsOf' | 'chance'
type Wish = CronCommand extends infer One ? (One extends unknown ? Omit<One, Circumstance> : never) : never

const definition: JobDefinition = {
  schedule: { at: '2099-01-01T00:00:00.000Z' },
  action: { do: 'deliver', payload: { what: 'digest' }, leaseMs: 5_000 },
  concurrency: 'allow',
  misfire: 'skip',
  misfireGraceMs: 0,
  catchUpLimit: 1,
  jitterMs: 0,
  retry: { maxAttempts: 1, backoffMs: 0 },
  cancelTimeoutMs: 5_000,
  keepRuns: 10,
  keepDays: 1,
}

/** A server that speaks the HTTP of workers of jobs and decides by the rules of the domain. */
export class CronServer extends ScriptedServer {
  readonly #jobs = new Map<string, CronJob>()
  readonly #runs = new Map<string, CronRun>()
  /** Of the live tails that are open. */
  readonly #tails = new Set<ServerResponse>()
  /** Whether a tail may be opened. */
  tells = true

  define(job: string, options: Partial<JobDefinition> = {}): void {
    this.do(job, { name: 'define', definition: { ...definition, ...options } })
  }

  /** The name of the new run. */
  runNow(job: string, requestId: string): string {
    this.do(job, { name: 'run-now', requestId })
    return `now-${requestId}`
  }

  run(job: string, run: string): CronRun {
    const found = this.#runs.get(`${job}/${run}`)
    if (found === undefined) throw new DaybookError('not-found', `There is no run ${run} of ${job}.`)
    return found
  }

  /** Decides, and tells who follows. */
  do(job: string, wish: Wish): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the client sends is what is tested
    const command = { ...wish, now: this.now, slotsOf, chance: 0.5 } as CronCommand
    for (const decided of decideCron(this.#jobs.get(job), command)) {
      // What an action appends elsewhere, no worker hears of.
      if ('append' in decided) continue
      const data: JsonObject = JSON.parse(JSON.stringify(decided.data))
      const run = typeof data['run'] === 'string' ? data['run'] : job
      this.#append(streamOfJob(job), { type: decided.type, data, correlationId: run })
    }
  }

  #append(stream: string, decided: { type: string; data: JsonObject; correlationId: string }): void {
    const event = this.journal(stream, decided)
    const name = jobOfStream(stream) ?? ''
    const { job, changed } = evolveCron(this.#jobs.get(name), event)
    if (job !== undefined) this.#jobs.set(name, job)
    for (const run of changed) this.#runs.set(`${name}/${run.run}`, run)
    if (!CANCELS.has(event.type)) return
    for (const tail of this.#tails) tail.write(`id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`)
  }

  /** How many follow the journal. */
  get followers(): number {
    return this.#tails.size
  }

  /** The position, and the live tail of what somebody wants to end. */
  protected override read({ searchParams }: URL, response: ServerResponse): void {
    if (searchParams.has('limit')) {
      const headers = { 'content-type': 'application/json', 'daybook-position': this.events.length }
      response.writeHead(200, headers).end(JSON.stringify({ events: [], next: null }))
    } else if (this.tells) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n')
      this.#tails.add(response)
      response.once('close', () => this.#tails.delete(response))
    } else
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(
          JSON.stringify({ type: 'about:blank', title: 'x', status: 403, code: 'forbidden', detail: 'No.' }),
        )
  }

  protected override async answer(
    [what = '', job = '', , run = '', action = '']: readonly string[],
    body: Body,
    isGone: () => boolean,
  ): Promise<object> {
    if (what === 'runs') return { runs: await this.waitFor(() => this.#claim(body), isGone) }
    const token = this.#runs.get(`${job}/${run}`)?.endedToken
    const isRepeated = action === 'finish' && token === body.token
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the client sends is what is tested
    if (!isRepeated) this.do(job, { ...body, name: action, run } as Wish)
    const now = this.run(job, run)
    if (action === 'finish' || action === 'release') return { run: now }
    return { ...this.#leaseOf(now), cancelRequested: now.cancel !== undefined }
  }

  #claim({ limit = 1, job: wanted, ...claim }: Body): object[] {
    const found: object[] = []
    for (const [key, { state, lease }] of this.#runs) {
      const [job = '', run = ''] = key.split('/')
      const isRepeated = lease?.claimId === claim.claimId
      if (state !== 'active' || (lease !== undefined && !isRepeated)) continue
      if ((wanted ?? job) !== job || found.length >= limit) continue
      this.do(job, { ...claim, name: 'claim', run })
      const now = this.run(job, run)
      const { cause, attempt, slot, deadline } = now
      const payload = { what: 'digest' }
      const about = {
        job,
        run,
        cause,
        attempt,
        payload,
        ...(slot && { slot }),
        ...(deadline && { deadline }),
      }
      if (now.lease !== undefined) found.push({ ...about, ...this.#leaseOf(now) })
    }
    return found
  }

  #leaseOf({ lease }: CronRun): object {
    if (lease === undefined) throw new DaybookError('lease-lost', 'Nobody has it.')
    const leaseMs = Date.parse(lease.until) - Date.parse(this.now)
    return { token: lease.token, leaseUntil: lease.until, leaseMs }
  }
}

const CANCELS = new Set(['CRON_RUN_CANCEL_REQUESTED', 'CRON_RUN_REPLACED'])

/** Never. */
function slotsOf() {
  return { after: () => undefined }
}
