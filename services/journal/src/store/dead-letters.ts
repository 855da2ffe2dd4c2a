import { createHash } from 'node:crypto'
import type { Database } from '@daybook/database'
import type { DaybookError } from '@daybook/errors'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** A message that could not be accepted, as a person looks at it. */
export interface DeadLetter {
  id: string
  source: string
  subject: string
  code: string
  detail: string
  occurrences: number
  firstSeenAt: string
  lastSeenAt: string
  bytes: number
}

/** With what it said: as text where it is UTF-8, else in base64. */
export interface DeadLetterContent extends DeadLetter {
  headers: Record<string, string>
  body: string
  encoding: 'utf8' | 'base64'
}

export interface RefusedMessage {
  id: string
  tenant: string
  source: string
  subject: string
  headers: Record<string, string>
  body: Uint8Array
  reason: DaybookError
}

/** Keeps a refused message. The same one refused again is counted, so that a sender in a loop does not fill the table. */
export async function keepDeadLetter(
  database: Database<JournalTables>,
  message: RefusedMessage,
): Promise<void> {
  const fingerprint = createHash('sha256').update(message.subject).update('\0').update(message.body).digest()
  await database.transaction((trx) =>
    trx
      .insertInto('journal.dead_letters')
      .values({
        id: message.id,
        tenant: message.tenant,
        source: message.source,
        subject: message.subject,
        fingerprint,
        headers: JSON.stringify(message.headers),
        body: Buffer.from(message.body),
        code: message.reason.code,
        detail: message.reason.message,
      })
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'source', 'fingerprint']).doUpdateSet((eb) => ({
          occurrences: eb('journal.dead_letters.occurrences', '+', 1),
          last_seen_at: sql<Date>`now()`,
          code: eb.ref('excluded.code'),
          detail: eb.ref('excluded.detail'),
        })),
      )
      .execute(),
  )
}

const SUMMARY = [
  'id',
  'source',
  'subject',
  'code',
  'detail',
  'occurrences',
  'first_seen_at',
  'last_seen_at',
] as const

/** Lists a tenant's dead letters, newest first; `before` is the id of the last one of the page before. */
export async function listDeadLetters(
  database: Database<JournalTables>,
  tenant: string,
  page: { before?: string | undefined; limit: number },
): Promise<DeadLetter[]> {
  const rows = await database.asTenant(tenant, (trx) => {
    const query = trx
      .selectFrom('journal.dead_letters')
      .select([...SUMMARY, sql<number>`length(body)`.as('bytes')])
      .where('tenant', '=', tenant)
      .orderBy('id', 'desc')
      .limit(page.limit)
    return (page.before === undefined ? query : query.where('id', '<', page.before)).execute()
  })
  return rows.map(toDeadLetter)
}

/** Finds one dead letter with its content. */
export async function findDeadLetter(
  database: Database<JournalTables>,
  tenant: string,
  id: string,
): Promise<DeadLetterContent | undefined> {
  const row = await database.asTenant(tenant, (trx) =>
    trx
      .selectFrom('journal.dead_letters')
      .select([
        ...SUMMARY,
        sql<number>`length(body)`.as('bytes'),
        'body',
        sql<Record<string, string>>`headers`.as('headers'),
      ])
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .executeTakeFirst(),
  )
  return row && { ...toDeadLetter(row), headers: row.headers, ...readable(row.body) }
}

interface SummaryRow {
  id: string
  source: string
  subject: string
  code: string
  detail: string
  occurrences: number
  first_seen_at: Date
  last_seen_at: Date
  bytes: number
}

function toDeadLetter(row: SummaryRow): DeadLetter {
  const { id, source, subject, code, detail, occurrences, bytes } = row
  return {
    id,
    source,
    subject,
    code,
    detail,
    occurrences,
    bytes,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
  }
}

function readable(body: Buffer): { body: string; encoding: 'utf8' | 'base64' } {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(body), encoding: 'utf8' }
  } catch {
    return { body: body.toString('base64'), encoding: 'base64' }
  }
}
