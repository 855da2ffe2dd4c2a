import type { Bus, Delivery, IncomingMessage } from '@daybook/bus'
import { DaybookError, toProblem } from '@daybook/errors'
import { isFaultOfEvent } from '@daybook/eventing'
import {
  APPEND_REQUEST_LEVELS,
  type AppendLimits,
  type AppendResult,
  actorOfSubject,
  createUlids,
  decodeUtf8,
  parseAppendRequest,
  parseJson,
} from '@daybook/events'
import { CALLER_HEADER, type Caller, type HeadersCheck, type Logger, may, traceIdOf } from '@daybook/runtime'
import { authoredBy } from './authorship.ts'
import type { Batcher } from './batcher.ts'
import { answer, checkReceiptSubject } from './receipt-to.ts'
import { requireUnreserved } from './reserved.ts'
import type { AddedTypes } from './schemas/added-types.ts'
import type { Job } from './settle.ts'
import type { RefusedMessage } from './store/dead-letters.ts'
import { tenantOf, tenantOfSubject } from './subject.ts'

export interface HandlerParts {
  bus: Bus
  batcher: Batcher
  logger: Logger
  limits: AppendLimits
  types: AddedTypes
  /** For whom a service asks. */
  callers: HeadersCheck
  keepDeadLetter: (message: RefusedMessage) => Promise<void>
}

/**
 * Checks a request that came as JSON. Where the subject names an actor, the server vouches for it, and the events are
 * that actor's; only services and admins may publish under the subject that names nobody.
 */
async function read(
  { types, limits }: HandlerParts,
  { subject, data }: Pick<IncomingMessage, 'subject' | 'data'>,
  caller?: Caller,
): Promise<Job> {
  const tenant = tenantOf(subject)
  const actor = actorOfSubject(subject) ?? caller?.actor
  // The payload of an event may be as deep as is allowed, and the request has some levels around it.
  const body = parseJson(decodeUtf8(data), { depthMax: limits.depthMax + APPEND_REQUEST_LEVELS })
  const request = await types.check(tenant, (userTypes) =>
    parseAppendRequest(body, { limits, origin: 'json', userTypes }),
  )
  requireUnreserved(request, caller?.service)
  if (actor === undefined) return { tenant, request }
  return { tenant, request: authoredBy({ scopes: [], ...caller, actor }, request) }
}

/**
 * For whom a service of Daybook asks, as over HTTP: only under the subject that names nobody, where others cannot publish.
 * Codes: `unauthenticated`, `forbidden`.
 */
async function callerOf(
  { callers }: HandlerParts,
  message: Pick<IncomingMessage, 'subject' | 'headers'>,
): Promise<Caller | undefined> {
  const { subject } = message
  if (actorOfSubject(subject) !== undefined) return undefined
  const { headers } = message
  if (headers[CALLER_HEADER] === undefined) return undefined
  const caller = await callers({ headers })
  if (caller.tenant === tenantOf(subject) && may(caller, 'append')) return caller
  throw new DaybookError('forbidden', 'The caller may not append to the journal of this tenant.')
}

/** The answer comes after the commit. */
async function hand({ batcher }: HandlerParts, job: Job): Promise<AppendResult> {
  return { receipts: await batcher.append(job) }
}

async function append(
  parts: HandlerParts,
  message: Pick<IncomingMessage, 'subject' | 'data'>,
  caller?: Caller,
): Promise<AppendResult> {
  return hand(parts, await read(parts, message, caller))
}

/** Answers `daybook.rpc.<tenant>.journal.append`, with or without an actor. What it throws, the bus answers as a problem. */
export function whenAppendRequested(parts: HandlerParts) {
  return async (message: IncomingMessage): Promise<string> =>
    JSON.stringify(await append(parts, message, await callerOf(parts, message)))
}

/** Appends what a message of the queue asks for, once more, when a person has it tried again. */
export function appendAgain(parts: HandlerParts) {
  return (message: Pick<IncomingMessage, 'subject' | 'data'>): Promise<AppendResult> => append(parts, message)
}

/** Some seconds, as the pauses of a consumer grow: a message that fails in an unforeseen way blocks the others so long. */
const UNFORESEEN_TRIES_MAX = 5

type Verdict<Result> = { delivery: Delivery; result: Result } | { delivery: Delivery; reason: DaybookError }

/**
 * Takes a batch of the append queue. All requests are read before the first is handed over, since one whose types have to
 * be looked up must not fall behind the others; and all are handed over before the first is awaited, in their order.
 * Refused ones become dead letters before they leave the queue; if the journal is unavailable the batch stays queued.
 * One that again and again cannot be written, for a reason of its own, becomes a dead letter too: it blocks no others.
 */
export function whenAppendsQueued(parts: HandlerParts) {
  const nextId = createUlids()
  return async (deliveries: Delivery[]): Promise<void> => {
    const requests = await Promise.all(
      deliveries.map((delivery) => judge(delivery, () => readQueued(parts, delivery))),
    )
    const verdicts = await Promise.all(
      requests.map(async (verdict) =>
        'reason' in verdict ? verdict : judge(verdict.delivery, () => hand(parts, verdict.result)),
      ),
    )
    const blocked = verdicts.find((verdict) => 'reason' in verdict && mayPass(verdict))
    if (blocked !== undefined && 'reason' in blocked) throw blocked.reason
    for (const verdict of verdicts) {
      if ('reason' in verdict) await refuse(parts, verdict, nextId())
      else answer(parts.bus, verdict.delivery, verdict.result)
      verdict.delivery.ack()
    }
  }
}

function mayPass({ delivery, reason }: { delivery: Delivery; reason: DaybookError }): boolean {
  const isPoison = reason.code === 'internal' && isFaultOfEvent(reason.cause)
  return reason.retry === 'later' && !(isPoison && delivery.redeliveries >= UNFORESEEN_TRIES_MAX)
}

async function readQueued(parts: HandlerParts, delivery: Delivery): Promise<Job> {
  checkReceiptSubject(delivery)
  return read(parts, delivery)
}

async function judge<Result>(delivery: Delivery, act: () => Promise<Result>): Promise<Verdict<Result>> {
  try {
    return { delivery, result: await act() }
  } catch (error) {
    const reason =
      error instanceof DaybookError
        ? error
        : new DaybookError('internal', 'The message could not be handled.', { cause: error })
    return { delivery, reason }
  }
}

async function refuse(
  parts: HandlerParts,
  { delivery, reason }: { delivery: Delivery; reason: DaybookError },
  id: string,
): Promise<void> {
  const { subject, headers, data } = delivery
  // A message under a name that cannot be a tenant's still must not vanish.
  const tenant = tenantOfSubject(subject) ?? 'main'
  await parts.keepDeadLetter({ id, tenant, source: 'journal-queue', subject, headers, body: data, reason })
  parts.logger.warn(
    { deadLetterId: id, code: reason.code, subject, traceId: traceIdOf(headers['traceparent']) },
    'a queued append was refused and kept as a dead letter',
  )
  answer(parts.bus, delivery, toProblem(reason))
}
