import type { Generated } from 'kysely'

/** The journal's tables, as its migrations make them. */
export interface JournalTables {
  'journal.head': { only_row: Generated<boolean>; position: number; era: number }
  'journal.streams': { tenant: string; stream: string; seq: number; hash: Buffer }
  'journal.relay': {
    name: string
    epoch: number
    owner: string
    until: Date
    position: number
    stream_seq: number
  }
  'journal.blobs': {
    tenant: string
    sha256: Buffer
    bytes: number
    media_type: string
    content: Buffer
    created_at: Generated<Date>
  }
  'journal.dead_letters': {
    id: string
    tenant: string
    source: string
    subject: string
    fingerprint: Buffer
    headers: string
    body: Buffer
    code: string
    detail: string
    occurrences: Generated<number>
    first_seen_at: Generated<Date>
    last_seen_at: Generated<Date>
  }
}
