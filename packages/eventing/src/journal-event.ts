import type { Actor, JournalEvent } from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'

/** A row of `journal.events` as `eventColumns` selects it. */
export interface JournalRow {
  position: number
  tenant: string
  stream: string
  seq: number
  id: string
  type: string
  v: number
  key: string | null
  /** Canonical JSON: exactly the bytes under the checksum; null when it was erased. */
  data: string | null
  erasure_id: string | null
  actor_kind: Actor['kind']
  actor_id: string
  /** ISO 8601, milliseconds, UTC. */
  occurred_at: string
  recorded_at: string
  correlation_id: string | null
  causation_id: string | null
  traceparent: string | null
  /** SHA-256 in hex, as the other two. */
  checksum: string
  prev: string
  hash: string
}

/**
 * The columns of `journal.events` in the form that an event has. Measured: instants and hashes that the database writes
 * as text cost half of what node-postgres needs to make dates and buffers of them, which only become text again.
 */
export const eventColumns = sql.raw(columnsWith('data'))

/** The same, with payloads only up to some bytes; of the others `bytes` alone tells, which costs nothing to know. */
export function eventColumnsUpTo(bytesMax: number): RawBuilder<unknown> {
  return sql.raw(
    columnsWith(
      `case when octet_length(data) <= ${bytesMax} then data end as data, octet_length(data) as bytes`,
    ),
  )
}

function columnsWith(data: string): string {
  return `
  position, tenant, stream, seq, id, type, v, key, ${data}, erasure_id, actor_kind, actor_id,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
  to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as recorded_at,
  correlation_id, causation_id, traceparent,
  encode(checksum, 'hex') as checksum, encode(prev, 'hex') as prev, encode(hash, 'hex') as hash`
}

/** The event that a row holds; absent fields are left out. */
export function toJournalEvent(row: JournalRow): JournalEvent {
  return {
    id: row.id,
    tenant: row.tenant,
    stream: row.stream,
    seq: row.seq,
    position: row.position,
    type: row.type,
    v: row.v,
    ...(row.key !== null && { key: row.key }),
    data: row.data === null ? {} : JSON.parse(row.data),
    actor: { kind: row.actor_kind, id: row.actor_id },
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    ...(row.correlation_id !== null && { correlationId: row.correlation_id }),
    ...(row.causation_id !== null && { causationId: row.causation_id }),
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
    checksum: row.checksum,
    prev: row.prev,
    hash: row.hash,
    ...(row.erasure_id !== null && { erased: { erasureId: row.erasure_id } }),
  }
}
