import type { Database } from '@daybook/database'
import { journalReader } from '../journal-reader.ts'

/** Makes a function that forgets what is remembered of the journal as it was, once a restore has begun a new era. */
export function forgetAfterRestore<DB>(database: Database<DB>, forget: () => void): () => Promise<void> {
  let known: number | undefined
  return async () => {
    const { era } = await journalReader(database.kysely).head()
    if (known !== undefined && known !== era) forget()
    known = era
  }
}
