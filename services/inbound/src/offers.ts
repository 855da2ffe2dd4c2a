import type { Bus, IncomingMessage } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { subjects } from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import { LeastRecentlyUsed } from '@daybook/runtime'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { DueHead } from './due-heads.ts'
import type { Work } from './heads.ts'
import type { InboundMetrics } from './observe.ts'

/** Tells whoever listens on NATS that something is due. A hint: who has it is decided by the claim. */
export interface Offers extends AsyncDisposable {
  offer(head: DueHead): void
  /** Whether it was offered within so long, by this instance or by another one. */
  wasOffered(head: DueHead, withinMs: number): boolean
}

export interface OfferParts {
  readonly bus: Bus
  readonly logger: Logger
  readonly metrics: InboundMetrics
  /** Told whenever something was offered, by whatever instance. */
  readonly onOffer: () => void
}

/** More than are offered in one round of the sweeper; what is forgotten is offered once too often. */
const OFFERS_KEPT = 50_000
const SUBJECTS = ['daybook.deliver.*.inbound.>', 'daybook.deliver.*.outbound.>']
const SERVICES = { messages: 'inbound', replies: 'outbound' } as const satisfies Record<Work, string>

export function openOffers({ bus, logger, metrics, onOffer }: OfferParts): Offers {
  const stack = new AsyncDisposableStack()
  const offeredAtMs = new LeastRecentlyUsed<number>(OFFERS_KEPT)
  const hear = (message: IncomingMessage): void => {
    const offer = readOffer(message)
    if (offer !== undefined) offeredAtMs.set(offer, performance.now())
    onOffer()
  }
  for (const subject of SUBJECTS) stack.use(bus.listen(subject, hear))
  return {
    offer(head) {
      offeredAtMs.set(nameOf(head), performance.now())
      try {
        bus.publish(subjectOf(head), JSON.stringify(bodyOf(head)))
        metrics.offered(head.work)
      } catch (error) {
        // Who claims hears of it all the same, and the sweeper offers it again.
        if (!(error instanceof DaybookError && error.code === 'unavailable'))
          logger.warn({ err: error, lane: head.lane }, 'an offer could not be published')
      }
    },
    wasOffered: (head, withinMs) =>
      performance.now() - (offeredAtMs.get(nameOf(head)) ?? Number.NEGATIVE_INFINITY) < withinMs,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function subjectOf({ tenant, work, source, account }: DueHead): string {
  return subjects.deliver(tenant, SERVICES[work], source, account)
}

/** No payload: the claim gives it, and only to who gets the lease. */
function bodyOf({
  key,
  reply,
  lane,
  source,
  account,
  conversation,
  messageId,
  attempts,
  dueAt,
}: DueHead): object {
  const which = reply === null ? {} : { reply }
  return { key, ...which, lane, source, account, conversation, messageId, attempt: attempts + 1, dueAt }
}

/** Given back, or tried in vain, it is due anew. */
function nameOf({ tenant, key, reply, dueAt }: Pick<DueHead, 'tenant' | 'key' | 'reply' | 'dueAt'>): string {
  return `${tenant} ${key} ${reply ?? ''} ${dueAt}`
}

const offerBody = Type.Object({
  key: Type.String(),
  reply: Type.Optional(Type.Integer()),
  dueAt: Type.String(),
})

/** Undefined for what is no offer of ours. */
function readOffer(message: IncomingMessage): string | undefined {
  const tenant = message.subject.split('.')[2] ?? ''
  try {
    const body: unknown = JSON.parse(message.text())
    return Check(offerBody, body) ? nameOf({ tenant, ...body, reply: body.reply ?? null }) : undefined
  } catch {
    return undefined
  }
}
