import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue } from '@daybook/errors'

/** What an event file holds, beside its checksum. */
export interface FiledEvent {
  readonly type: string
  /** ISO 8601 with milliseconds, UTC. */
  readonly recordedAt: string
  readonly data: JsonObject
}

/** The name of an event file: at least six digits, so that names sort as the events came. */
export function eventFileName(seq: number, ulid: string): string {
  return `${String(seq).padStart(6, '0')}.${ulid}.json`
}

/** An event as the file-per-event tool writes it: two spaces, a line feed, and last the SHA-256 of the same text without it. */
export function eventFileText({ type, recordedAt, data }: FiledEvent): string {
  const event = { type, recordedAt, data }
  const checksum = createHash('sha256').update(jsonFileText(event)).digest('hex')
  return jsonFileText({ ...event, checksum })
}

/** JSON as that tool writes it everywhere. */
export function jsonFileText(value: object | JsonValue): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
