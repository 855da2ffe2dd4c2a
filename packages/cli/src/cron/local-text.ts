/** Where a schedule has no time zone of its own: that of this machine. */
export function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** By the clocks of a time zone: `2026-11-23 03:00:00 +01:00`; in one that this machine does not know, as it is. */
export function localText(instant: string, timeZone: string): string {
  const date = new Date(instant)
  try {
    // Swedish clocks are written as ISO 8601 has it.
    const local = date.toLocaleString('sv-SE', { timeZone })
    return `${local} ${offsetOf(date, timeZone)}`
  } catch (error) {
    if (error instanceof RangeError) return instant
    throw error
  }
}

/** `GMT+01:00` without its first word, which for UTC is all there is. */
function offsetOf(date: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return name.replace('GMT', '') || '+00:00'
}
