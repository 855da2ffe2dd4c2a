import { join } from 'node:path'
import { connectDaybook, type Daybook } from '@daybook/client'
import { TICKED } from './cron-jobs.ts'
import { type Deployment, deploy } from './deployment.ts'
import { TurnedClock } from './turned-clock.ts'

/** Three cron services that go by a clock which a story turns. */
export interface CronWorld {
  readonly deployment: Deployment
  readonly clock: TurnedClock
  readonly daybook: Daybook
  readonly services: Awaited<ReturnType<Deployment['startCron']>>[]
  /** In front of two of the services. */
  readonly gateways: readonly string[]
  /** Asked again, at one gateway after the other, until one answers: below `/v1/cron/`. Any refusal is an error. */
  readonly ask: (method: string, path: string, body?: object) => Promise<any>
  /** All jobs, as they are listed. */
  readonly jobs: () => Promise<any[]>
  /** The runs of a job that are in a state. */
  readonly runs: (job: string, state: string) => Promise<any[]>
}

/** A service that is stopped answers nothing. */
const ANSWER_MS_MAX = 4_000
const TRIES_MAX = 100

export async function openCronWorld(stack: AsyncDisposableStack): Promise<CronWorld> {
  const deployment = stack.use(await deploy())
  const clock = await TurnedClock.create(deployment.databaseUrl)
  const start = () => deployment.startCron({ main: join(import.meta.dirname, 'turned-cron.ts') })
  const services = await Promise.all([start(), start(), start()])
  const gateways = await Promise.all(services.slice(0, 2).map((service) => service.publicUrl()))
  const daybook = stack.use(await connectDaybook({ url: gateways[0] ?? '', token: deployment.token }))
  await daybook.schemas.add({ ...TICKED, v: 1, schema: { type: 'object' } })
  const ask = asker(gateways, deployment.token)
  return {
    deployment,
    clock,
    daybook,
    services,
    gateways,
    ask,
    jobs: () => listAll(ask, 'jobs?', 'jobs'),
    runs: (job, state) => listAll(ask, `jobs/${job}/runs?state=${state}`, 'runs'),
  }
}

function asker(gateways: readonly string[], token: string): CronWorld['ask'] {
  return async (method, path, body) => {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = await fetch(`${gateways[tries % gateways.length]}/v1/cron/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      }).catch(() => undefined)
      if (answer?.ok === true) return answer.json()
      if (answer !== undefined && answer.status < 500)
        throw new Error(`${method} ${path}: ${await answer.text()}`)
    }
    throw new Error(`${method} ${path} is not answered`)
  }
}

/** All entries of a list that comes in pages. */
async function listAll(ask: CronWorld['ask'], path: string, name: 'jobs' | 'runs'): Promise<any[]> {
  const found: any[] = []
  for (let cursor: string | undefined | null = ''; typeof cursor === 'string'; ) {
    const page: any = await ask(
      'GET',
      `${path}&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    found.push(...page[name])
    cursor = page.nextCursor
  }
  return found
}
