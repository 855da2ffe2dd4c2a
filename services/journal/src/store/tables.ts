import type { Actor } from '@daybook/events'
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
    kept_again_at: Generated<Date | null>
  }
  'journal.schemas': {
    number: number
    tenant: string
    kind: string
    type: string
    v: number
    description: string
    schema: string
    actor_kind: Actor['kind']
    actor_id: string
    added_at: Generated<Date>
  }
  'journal.tree_tiles': { level: number; index: number; root: Buffer; leaves: Buffer | null }
  'journal.checkpoints': {
    tree_size: number
    era: number
    root: Buffer
    leaves: Buffer
    note: string
    key: string
    sealed_at: Generated<Date>
  }
  'journal.anchorings': { anchor: string; tree_size: number; place: string; anchored_at: Generated<Date> }
}
