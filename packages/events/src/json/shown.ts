/** Enough to find the place. */
const LENGTH_MAX = 200

/**
 * A path or a field name as it may stand in a message. Names come from the sender: they may be endless, and hold what
 * neither a log line nor a database text can keep.
 */
export function shown(text: string): string {
  return text
    .slice(0, LENGTH_MAX)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\ufffd')
}
