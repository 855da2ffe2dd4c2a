import type { Actor, JournalEvent } from '@daybook/events'

/** A row of `journal.events` as node-postgres gives it. */
export interface JournalRow {
  position: number
  tenant: string
  stream: string
  seq: number
  id: string
  type: string
  v: number
  key: string | null
  /** Canonical JSON: exactly the bytes under the checksum. */
  data: string
  actor_kind: Actor['kind']
  actor_id: string
  occurred_at: Date
  recorded_at: Date
  correlation_id: string | null
  causation_id: string | null
  traceparent: string | null
  checksum: Uint8Array
  prev: Uint8Array
  hash: Uint8Array
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** The event that a row holds: hashes in hex, instants in ISO 8601 with milliseconds, absent fields left out. */
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
    data: JSON.parse(row.data),
    actor: { kind: row.actor_kind, id: row.actor_id },
    occurredAt: row.occurred_at.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    ...(row.correlation_id !== null && { correlationId: row.correlation_id }),
    ...(row.causation_id !== null && { causationId: row.causation_id }),
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
    checksum: hex(row.checksum),
    prev: hex(row.prev),
    hash: hex(row.hash),
  }
}
