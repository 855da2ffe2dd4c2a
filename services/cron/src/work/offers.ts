import type { Bus, IncomingMessage } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { subjects } from '@daybook/events'
import { LeastRecentlyUsed, type Logger } from '@daybook/runtime'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { CronMetrics } from '../observe.ts'
import type { ClaimableRun } from './claimable.ts'

/** Tells whoever listens on NATS that a run waits for a worker. A hint: who has it is decided by the claim. */
export interface Offers extends AsyncDisposable {
  /** Unless that was offered within so long, by this instance or by another one. */
  offer(run: ClaimableRun, withinMs: number): void
}

export interface OfferParts {
  readonly bus: Bus
  readonly logger: Logger
  readonly metrics: Pick<CronMetrics, 'offered'>
  /** Told whenever something was offered, by whatever instance. */
  readonly onOffer: () => void
}

/** More than wait at any time; what is forgotten is offered once too often. */
const OFFERS_KEPT = 50_000

export function openOffers({ bus, logger, metrics, onOffer }: OfferParts): Offers {
  const offeredAtMs = new LeastRecentlyUsed<number>(OFFERS_KEPT)
  const listener = bus.listen(subjects.deliverCron('*', '*'), (message) => {
    const offered = readOffer(message)
    if (offered !== undefined) offeredAtMs.set(offered, performance.now())
    onOffer()
  })
  return {
    offer(run, withinMs) {
      const sinceMs = performance.now() - (offeredAtMs.get(nameOf(run)) ?? Number.NEGATIVE_INFINITY)
      if (sinceMs < withinMs) return
      offeredAtMs.set(nameOf(run), performance.now())
      const { tenant, seq: _seq, ...told } = run
      try {
        bus.publish(subjects.deliverCron(tenant, run.job), JSON.stringify(told))
        metrics.offered()
      } catch (error) {
        // Who claims hears of it all the same, and it is offered again.
        if (!(error instanceof DaybookError && error.code === 'unavailable'))
          logger.warn({ err: error, job: run.job }, 'an offer could not be published')
      }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

/** Each attempt is offered anew. */
function nameOf({
  tenant,
  job,
  run,
  attempt,
}: Pick<ClaimableRun, 'tenant' | 'job' | 'run' | 'attempt'>): string {
  return `${tenant} ${job} ${run} ${attempt}`
}

const offerBody = Type.Object({ job: Type.String(), run: Type.String(), attempt: Type.Integer() })

/** Undefined for what is no offer of ours. */
function readOffer(message: IncomingMessage): string | undefined {
  const tenant = message.subject.split('.')[2] ?? ''
  try {
    const body: unknown = JSON.parse(message.text())
    return Check(offerBody, body) ? nameOf({ tenant, ...body }) : undefined
  } catch {
    return undefined
  }
}
