import { createHash } from 'node:crypto'
import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** A reference to a blob, as an event carries it under `$blob`. */
export interface BlobReceipt {
  sha256: string
  bytes: number
  mediaType: string
}

export interface Blob {
  mediaType: string
  content: Buffer
}

/** Keeps a value once, by its content. Keeping it again changes nothing; the first media type stays. */
export async function keepBlob(
  database: Database<JournalTables>,
  tenant: string,
  blob: Blob,
): Promise<BlobReceipt> {
  const sha256 = createHash('sha256').update(blob.content).digest()
  await database.transaction((trx) =>
    trx
      .insertInto('journal.blobs')
      .values({
        tenant,
        sha256,
        bytes: blob.content.length,
        media_type: blob.mediaType,
        content: blob.content,
      })
      // An erasure leaves it alone for a moment: who keeps it is about to refer to it.
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'sha256']).doUpdateSet({ kept_again_at: sql<Date>`now()` }),
      )
      .execute(),
  )
  return { sha256: sha256.toString('hex'), bytes: blob.content.length, mediaType: blob.mediaType }
}

/** Finds a blob of the tenant by its SHA-256 in hex. */
export async function findBlob(
  database: Database<JournalTables>,
  tenant: string,
  sha256: string,
): Promise<Blob | undefined> {
  const row = await database.asTenant(tenant, (trx) =>
    trx
      .selectFrom('journal.blobs')
      .select(['media_type', 'content'])
      .where('tenant', '=', tenant)
      .where('sha256', '=', Buffer.from(sha256, 'hex'))
      .executeTakeFirst(),
  )
  return row && { mediaType: row.media_type, content: row.content }
}
