import { DaybookError } from '@daybook/errors'
import type { Actor } from '@daybook/events'

/** Open until a person decides; open again when it is refused again. */
export type DeadLetterStatus = 'open' | 'requeued' | 'dismissed'

/** What a person decides about a dead letter, and why. */
export interface Decision {
  actor: Actor
  reason: string
}

/** A message or an event that was refused, as a person looks at it. */
export interface DeadLetter {
  id: string
  /** The consumer that refused it: `journal-queue`, or `projection-<name>`. */
  source: string
  subject: string
  /** Where it is in the journal, if it is there: an event that a projection could not apply. */
  stream?: string
  seq?: number
  position?: number
  code: string
  detail: string
  occurrences: number
  firstSeenAt: string
  lastSeenAt: string
  /** Of the message; 0 for an event, whose content is in the journal. */
  bytes: number
  status: DeadLetterStatus
  /** When what had been refused was accepted after all. */
  resolvedAt?: string
}

/** One entry of a dead letter's history. */
export interface PastDecision extends Decision {
  action: 'requeued' | 'dismissed' | 'reopened' | 'resolved'
  /** Of a requeue that was refused again: its code. */
  outcome?: string
  at: string
}

/** With its history, and with what it said: as text where that is UTF-8, else in base64. */
export interface DeadLetterContent extends DeadLetter {
  headers: Record<string, string>
  body: string
  encoding: 'utf8' | 'base64'
  decisions: PastDecision[]
}

/** Which statuses a decision may follow. A dismissed letter can still be requeued; nothing follows a requeue but its outcome. */
export const decidableFrom = {
  requeue: ['open', 'dismissed'],
  dismiss: ['open'],
} as const satisfies Record<string, readonly DeadLetterStatus[]>

/** Code: `already-settled`. */
export function requireDecidable(
  letter: Pick<DeadLetter, 'id' | 'status' | 'resolvedAt' | 'source'>,
  action: keyof typeof decidableFrom,
): void {
  const allowed: readonly DeadLetterStatus[] = decidableFrom[action]
  if (allowed.includes(letter.status)) return
  throw new DaybookError('already-settled', `The dead letter ${letter.id} ${standOf(letter)}.`, {
    details: { status: letter.status },
  })
}

function standOf({
  status,
  resolvedAt,
  source,
}: Pick<DeadLetter, 'status' | 'resolvedAt' | 'source'>): string {
  if (status !== 'requeued') return 'was dismissed already'
  return resolvedAt === undefined
    ? `was requeued already, and ${source} has yet to take it up`
    : 'was requeued already, and accepted'
}
