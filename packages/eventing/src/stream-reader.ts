import type { Database } from '@daybook/database'
import { type JournalPage, journalReader, type PageQuery } from './journal-reader.ts'
import type { PayloadArchive } from './payload-archive.ts'

/** Reads a page of one stream of one tenant, oldest first. Codes: `archive-unavailable`, `unavailable`. */
export type StreamReader = (
  query: Required<Pick<PageQuery, 'tenant' | 'stream' | 'after' | 'limit' | 'bytesMax'>> &
    Pick<PageQuery, 'types'>,
) => Promise<JournalPage>

/** Reads streams of the journal's tables as row-level security shows them to their tenant. */
export function streamReader<DB>(database: Database<DB>, archive: PayloadArchive): StreamReader {
  return (query) => database.asTenant(query.tenant, (trx) => journalReader(trx, archive).readPage(query))
}
