import { DaybookError } from '@daybook/errors'

/** The error of a journal that went back in time while nobody raised its era. `found` says what shows it. */
export function restoredWithoutEra(found: string): DaybookError {
  return new DaybookError(
    'restored-without-era',
    `${found}: the journal was restored from a backup. Raise its era: run the journal once with the argument "era".`,
  )
}

/** The error for whoever goes on reading where it was before the journal was restored. */
export function journalRestored(): DaybookError {
  return new DaybookError(
    'journal-restored',
    'The journal was restored from a backup: what you have read may not be in it. Read again from the beginning.',
  )
}
