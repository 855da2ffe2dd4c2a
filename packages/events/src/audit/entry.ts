import type { Actor, JournalEvent } from '../envelope.ts'
import type { Effect } from '../run/summary.ts'
import { effectIdOf } from '../run/transition.ts'
import { upcastEvent } from '../upcast.ts'
import { isApproval, type Verdict, verdictOf } from './decision.ts'
import { sentenceOf } from './sentence.ts'
import type { Told } from './told.ts'
import { cut } from './words.ts'

/** How something ended that an event is the end of. */
export type AuditOutcome = 'ok' | 'erased' | Verdict

/** One line of a trail: an event, told. All texts are as the producers wrote them, and not safe to show as they are. */
export interface AuditEntry {
  readonly position: number
  readonly stream: string
  readonly seq: number
  readonly eventId: string
  /** The recorded type; of an imported event that Daybook does not know, the one it came with. */
  readonly type: string
  /** The producer's clock. */
  readonly occurredAt: string
  /** The journal's clock. */
  readonly recordedAt: string
  readonly actor: Actor
  readonly runId?: string
  readonly effectId?: string
  /** What the event says, at most 300 characters. */
  readonly text: string
  readonly outcome?: AuditOutcome
  /** From the request to this event, by the producers' clocks; 0 where these contradict each other. */
  readonly durationMs?: number
  /** Why the state of the run did not allow the event; it is kept, and changed nothing. */
  readonly fault?: string
  /** The erasure that took the payload. */
  readonly erasureId?: string
}

/** What is known of an event beyond itself, within its run. */
export interface EntryContext {
  readonly effect?: Effect | undefined
  readonly fault?: string | undefined
}

/** The line of one event. Pure, and total: whatever an import brought in, it gives a line. */
export function auditEntry(recorded: JournalEvent, { effect, fault }: EntryContext = {}): AuditEntry {
  const event = upcastEvent(recorded)
  const told: Told = { event, effect }
  const effectId = effectIdOf(event)
  // What the state did not allow is the end of nothing.
  const outcome = fault === undefined ? outcomeOf(told) : undefined
  const settles = fault === undefined && isSettling(event)
  const durationMs = settles ? effect?.durationMs : undefined
  return {
    position: event.position,
    stream: event.stream,
    seq: event.seq,
    eventId: event.id,
    type: typeOf(event),
    occurredAt: event.occurredAt,
    recordedAt: event.recordedAt,
    actor: event.actor,
    ...(event.stream.startsWith('run/') && { runId: event.stream.slice('run/'.length) }),
    ...(effectId !== undefined && { effectId }),
    text: sentenceOf(told),
    ...(outcome !== undefined && { outcome }),
    ...(durationMs !== undefined && { durationMs }),
    ...(fault !== undefined && { fault }),
    ...(event.erased !== undefined && { erasureId: event.erased.erasureId }),
  }
}

/** Whether something went wrong here. */
export function isFailure({ outcome, fault }: Pick<AuditEntry, 'outcome' | 'fault'>): boolean {
  return outcome === 'failed' || fault !== undefined
}

function isSettling({ type }: JournalEvent): boolean {
  return type === 'EFFECT_RESOLVED' || type === 'EFFECT_CANCELLED'
}

function typeOf({ type, data }: JournalEvent): string {
  const { type: foreignType } = data
  return type === 'FOREIGN_EVENT' && typeof foreignType === 'string' ? cut(foreignType) : type
}

function outcomeOf({ event, effect }: Told): AuditOutcome | undefined {
  switch (event.type) {
    case 'RUN_COMPLETED':
    case 'INBOUND_COMPLETED':
    case 'OUTBOUND_SENT':
      return 'ok'
    case 'RUN_FAILED':
    case 'PROCESS_RUNTIME_ERROR':
    case 'INBOUND_FAILED':
    case 'INBOUND_DEAD':
    case 'OUTBOUND_FAILED':
    case 'OUTBOUND_DEAD':
    // Nobody knows whether it was sent: a person may want to look.
    case 'OUTBOUND_AMBIGUOUS':
    case 'CRON_JOB_SET_ASIDE':
    case 'CRON_RUN_RETRIED':
    case 'CRON_RUN_TIMED_OUT':
      return 'failed'
    case 'CRON_RUN_FINISHED':
      return finishedOutcome(event)
    case 'RUN_CANCELLED':
      return 'cancelled'
    case 'EFFECT_RESOLVED':
    case 'EFFECT_CANCELLED':
      return settledOutcome({ event, effect })
    default:
      return undefined
  }
}

function finishedOutcome({ data: { status } }: JournalEvent): AuditOutcome | undefined {
  if (status === 'failed' || status === 'cancelled') return status
  return status === 'succeeded' ? 'ok' : undefined
}

function settledOutcome({ event, effect }: Told): AuditOutcome {
  if (event.erased !== undefined) return 'erased'
  if (effect !== undefined && isApproval(effect)) return verdictOf(event, effect)
  if (event.type === 'EFFECT_CANCELLED') return 'cancelled'
  return event.data['status'] === 'ok' ? 'ok' : 'failed'
}
