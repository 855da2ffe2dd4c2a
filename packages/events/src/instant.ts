/** Milliseconds, UTC, in the ranges of the clock; year 0 does not exist in Postgres. */
export const INSTANT_PATTERN =
  '^(?!0000)\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$'
const instant = new RegExp(INSTANT_PATTERN)
/** Every month has this many days, so only later ones need the calendar. */
const DAYS_ALWAYS = '28'

/** Whether `text` is an instant as the journal writes it (ISO 8601, milliseconds, UTC) and on the calendar. */
export function isInstant(text: string): boolean {
  if (!instant.test(text)) return false
  return text.slice(8, 10) <= DAYS_ALWAYS || new Date(text).toISOString() === text
}
