import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Receipt } from '@daybook/events'
import { type DeadLetterContent, type Decision, decidableFrom, requireDecidable } from './dead-letter.ts'
import { findDeadLetter } from './store/dead-letters.ts'
import { type Outcome, settleDeadLetter } from './store/settle-dead-letter.ts'
import type { JournalTables } from './store/tables.ts'

export interface SettleParts {
  database: Database<JournalTables>
  /** Appends what a message of the queue asks for, with the checks of the queue. */
  appendQueued(message: { subject: string; data: Uint8Array }): Promise<{ receipts: Receipt[] }>
}

/** A decision about one dead letter of one tenant. */
export interface Asked {
  tenant: string
  id: string
  decision: Decision
}

/**
 * Tries again what was refused.
 *
 * A message of the queue is appended now, and then marked: a crash in between leaves it open, and requeueing it again is
 * answered with the first receipts, since its events have ids. What is refused again stays open, with the new reason.
 * An event is in the journal already: its projection takes the stream up with its next look at the journal.
 *
 * Codes: `not-found`, `already-settled`, and those of an append.
 */
export async function requeueDeadLetter(
  parts: SettleParts,
  asked: Asked,
): Promise<{ deadLetter: DeadLetterContent; receipts?: Receipt[] }> {
  const letter = await getDeadLetter(parts, asked)
  requireDecidable(letter, 'requeue')
  const settle = (outcome: Outcome) =>
    settleDeadLetter(parts.database, { ...asked, from: decidableFrom.requeue }, outcome)
  if (letter.position !== undefined) {
    if (!(await settle({ action: 'requeued', isResolved: false }))) await refuseLate(parts, asked, 'requeue')
    return { deadLetter: await getDeadLetter(parts, asked) }
  }
  const { receipts } = await parts.appendQueued(messageOf(letter)).catch(async (error: unknown) => {
    // A journal that is away says nothing about the message.
    if (error instanceof DaybookError && error.retry === 'never')
      await settle({ action: 'refused', code: error.code, detail: error.message })
    throw error
  })
  // Whoever was faster requeued it as well, and its events are in the journal once.
  await settle({ action: 'requeued', isResolved: true })
  return { deadLetter: await getDeadLetter(parts, asked), receipts }
}

/** Takes note of it: it is not tried again, and is not among the open ones. Codes: `not-found`, `already-settled`. */
export async function dismissDeadLetter(parts: SettleParts, asked: Asked): Promise<DeadLetterContent> {
  requireDecidable(await getDeadLetter(parts, asked), 'dismiss')
  const settlement = { ...asked, from: decidableFrom.dismiss }
  if (!(await settleDeadLetter(parts.database, settlement, { action: 'dismissed' })))
    await refuseLate(parts, asked, 'dismiss')
  return getDeadLetter(parts, asked)
}

/** Somebody else decided in between. */
async function refuseLate(
  parts: SettleParts,
  asked: Asked,
  action: keyof typeof decidableFrom,
): Promise<void> {
  requireDecidable(await getDeadLetter(parts, asked), action)
}

function messageOf({ subject, body, encoding }: DeadLetterContent): { subject: string; data: Uint8Array } {
  return { subject, data: Buffer.from(body, encoding) }
}

/** Code: `not-found`. */
export async function getDeadLetter(
  { database }: Pick<SettleParts, 'database'>,
  { tenant, id }: Pick<Asked, 'tenant' | 'id'>,
): Promise<DeadLetterContent> {
  const found = await findDeadLetter(database, tenant, id)
  if (found === undefined) throw new DaybookError('not-found', `There is no dead letter ${id}.`)
  return found
}
