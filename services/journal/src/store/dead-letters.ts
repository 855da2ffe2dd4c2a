import { createHash } from 'node:crypto'
import type { Database } from '@daybook/database'
import type { DaybookError } from '@daybook/errors'
import { journalReader, leaveArchived } from '@daybook/eventing'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { DeadLetter, DeadLetterContent, DeadLetterStatus, PastDecision } from '../dead-letter.ts'
import type { JournalTables } from './tables.ts'

export interface RefusedMessage {
  id: string
  tenant: string
  source: string
  subject: string
  headers: Readonly<Record<string, string>>
  body: Uint8Array
  reason: DaybookError
}

/** Keeps a refused message. The same one refused again is counted, so that a sender in a loop does not fill the table. */
export async function keepDeadLetter(
  database: Database<JournalTables>,
  { id, tenant, source, subject, headers, body, reason }: RefusedMessage,
): Promise<void> {
  const letter = {
    id,
    tenant,
    source,
    subject,
    fingerprint: bytea(createHash('sha256').update(subject).update('\0').update(body).digest()),
    headers,
    body: bytea(body),
    code: reason.code,
    detail: reason.message,
  }
  await database.transaction((trx) =>
    sql`select journal.keep_dead_letter(
      jsonb_populate_record(null::journal.dead_letters, ${keepableJson(letter)}::jsonb))`.execute(trx),
  )
}

function bytea(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes).toString('hex')}`
}

/** A header may hold a NUL, which no text of Postgres can: the message would be refused for ever, and block the queue. */
function keepableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? inner.toWellFormed().replaceAll('\u0000', '\uFFFD') : inner,
  )
}

interface Row {
  id: string
  source: string
  subject: string
  stream: string | null
  seq: number | null
  position: number | null
  code: string
  detail: string
  occurrences: number
  first_seen_at: Date
  last_seen_at: Date
  bytes: number
  status: DeadLetterStatus
  resolved_at: Date | null
}

const columns = sql.raw(`id, source, subject, stream, seq, position, code, detail, occurrences, first_seen_at,
  last_seen_at, length(body) as bytes, status, resolved_at`)

/** Which dead letters; all of a tenant's when nothing is said. */
export interface DeadLetterFilter {
  status?: DeadLetterStatus
  source?: string
  code?: string
}

export interface DeadLetterPage extends DeadLetterFilter {
  /** The id of the last one of the page before. */
  before?: string
  limit: number
}

/** Lists a tenant's dead letters, newest first. */
export async function listDeadLetters(
  database: Database<JournalTables>,
  tenant: string,
  { status, source, code, before, limit }: DeadLetterPage,
): Promise<DeadLetter[]> {
  const conditions = [
    sql`tenant = ${tenant}`,
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(code === undefined ? [] : [sql`code = ${code}`]),
    ...(before === undefined ? [] : [sql`id < ${before}`]),
  ]
  const { rows } = await database.asTenant(tenant, (trx) =>
    sql<Row>`
      select ${columns} from journal.dead_letters where ${sql.join(conditions, sql` and `)}
      order by id desc limit ${limit}`.execute(trx),
  )
  return rows.map(toDeadLetter)
}

/** Finds one dead letter with its content, which for an event is read from the journal, and its history. */
export async function findDeadLetter(
  database: Database<JournalTables>,
  tenant: string,
  id: string,
): Promise<DeadLetterContent | undefined> {
  return database.asTenant(tenant, async (trx) => {
    const { rows } = await sql<Row & { body: Buffer; headers: Record<string, string> }>`
      select ${columns}, body, headers from journal.dead_letters where tenant = ${tenant} and id = ${id}`.execute(
      trx,
    )
    const [row] = rows
    if (row === undefined) return undefined
    const decisions = await listDecisions(trx, { tenant, id })
    const content = readable((await eventOf(trx, tenant, row)) ?? row.body)
    return { ...toDeadLetter(row), headers: row.headers, ...content, decisions }
  })
}

/** The event that the letter is about, as it is in the journal now: what was erased stays erased. */
async function eventOf(
  executor: QueryExecutorProvider,
  tenant: string,
  { stream, seq }: Row,
): Promise<Buffer | undefined> {
  if (stream === null || seq === null) return undefined
  const [event] = await journalReader(executor, leaveArchived).page({
    tenant,
    stream,
    after: seq - 1,
    limit: 1,
  })
  return event === undefined ? undefined : Buffer.from(JSON.stringify(event))
}

interface DecisionRow {
  action: PastDecision['action']
  outcome: string | null
  actor_kind: PastDecision['actor']['kind']
  actor_id: string
  reason: string
  decided_at: Date
}

async function listDecisions(
  executor: QueryExecutorProvider,
  { tenant, id }: { tenant: string; id: string },
): Promise<PastDecision[]> {
  const { rows } = await sql<DecisionRow>`
    select action, outcome, actor_kind, actor_id, reason, decided_at from journal.dead_letter_decisions
    where tenant = ${tenant} and dead_letter_id = ${id} order by nth`.execute(executor)
  return rows.map((row) => ({
    action: row.action,
    ...(row.outcome !== null && { outcome: row.outcome }),
    actor: { kind: row.actor_kind, id: row.actor_id },
    reason: row.reason,
    at: row.decided_at.toISOString(),
  }))
}

function toDeadLetter(row: Row): DeadLetter {
  const { id, source, subject, code, detail, occurrences, bytes, status } = row
  return {
    id,
    source,
    subject,
    ...(row.stream !== null && { stream: row.stream }),
    ...(row.seq !== null && { seq: row.seq }),
    ...(row.position !== null && { position: row.position }),
    code,
    detail,
    occurrences,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    bytes,
    status,
    ...(row.resolved_at !== null && { resolvedAt: row.resolved_at.toISOString() }),
  }
}

function readable(body: Buffer): { body: string; encoding: 'utf8' | 'base64' } {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(body), encoding: 'utf8' }
  } catch {
    return { body: body.toString('base64'), encoding: 'base64' }
  }
}
