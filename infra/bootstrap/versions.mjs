/**
 * The first dotted version number in a text: 'nats-server: v2.15.1' gives [2, 15, 1].
 * @param {string} text
 * @returns {number[] | undefined} undefined when the text holds none
 */
export function parseVersion(text) {
  const match = /\d+(?:\.\d+)+/.exec(text)
  return match?.[0].split('.').map(Number)
}

/**
 * Whether the version in `text` is `floor` or newer. Missing parts count as 0; a text without a version is too old.
 * @param {string} text
 * @param {string} floor
 */
export function isAtLeast(text, floor) {
  const version = parseVersion(text)
  const wanted = parseVersion(floor)
  if (!version || !wanted) return false
  for (let i = 0; i < Math.max(version.length, wanted.length); i++) {
    const difference = (version[i] ?? 0) - (wanted[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
