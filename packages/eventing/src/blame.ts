import { failureOf } from '@daybook/database'
import { DaybookError, type ErrorCode } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'

/**
 * What a statement may find wrong with its data: 22 data exception, 23 integrity constraint, 54 program limit (such as a
 * value too long for an index), P0 raised by a function. All other classes (a missing column, a right that is lacking, a
 * full disk, a time-out) would meet every event alike.
 */
const DATA_CLASSES = new Set(['22', '23', '54', 'P0'])
/** Of the process or its surroundings, whatever it is given. */
const OF_THE_PROCESS = new Set<ErrorCode>(['unsafe-configuration', 'migration-failed', 'invalid-usage'])
const SQLSTATE = /^[0-9A-Z]{5}$/
/** A system call, as Node names it: the machine is to blame. */
const ERRNO = /^E[A-Z]+$/

/** An event cannot be applied, and its stream cannot be left out either. */
export class StuckAtEvent extends Error {
  readonly position: number
  constructor(event: JournalEvent, cause: unknown) {
    super(`${event.type} in ${event.stream}: ${messageOf(cause)}`, { cause })
    this.position = event.position
  }
}

/** Whether an error that applying, or writing, events threw may be the fault of one of them; else any would meet the same. */
export function isFaultOfEvent(error: unknown): boolean {
  if (error instanceof DaybookError)
    return !OF_THE_PROCESS.has(error.code) && (error.retry === 'never' || error.code === 'internal')
  if (failureOf(error) !== 'other') return false
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code !== 'string') return true
  if (SQLSTATE.test(code)) return DATA_CLASSES.has(code.slice(0, 2))
  return !ERRNO.test(code)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
