/**
 * One archive that apt knows.
 * @typedef {{ uri: string, suites: string[], components: string[], signedBy?: string }} AptSource
 */

/** Suite names that only Debian itself uses whatever its current release is called. */
const DEBIAN_SUITES = ['stable', 'testing', 'unstable', 'sid', 'oldstable', 'oldoldstable']

/**
 * Reads the one-line format of /etc/apt/sources.list (see sources.list(5)).
 * @param {string} text
 * @returns {AptSource[]}
 */
export function parseOneLineSources(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line)
    if (!match) return []
    const [, options = '', uri = '', suite = '', components = ''] = match
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1]
    return [{ uri, suites: [suite], components: words(components), ...(signedBy && { signedBy }) }]
  })
}

/**
 * Reads the deb822 format of *.sources files: stanzas of fields, comment lines, continued lines.
 * @param {string} text
 * @returns {AptSource[]}
 */
export function parseDeb822Sources(text) {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const stanzas = lines.join('\n').split(/\n\s*\n/)
  return stanzas.map(parseFields).flatMap((fields) => {
    const isOff = /^(no|false|off|0)$/i.test(fields.get('enabled') ?? '')
    if (isOff || !words(fields.get('types')).includes('deb')) return []
    const signedBy = fields.get('signed-by')
    const common = { suites: words(fields.get('suites')), components: words(fields.get('components')) }
    return words(fields.get('uris')).map((uri) => ({ uri, ...common, ...(signedBy && { signedBy }) }))
  })
}

/**
 * Of all that apt knows, the addresses that carry Debian's main archive: not its security updates, not third parties.
 * @param {AptSource[]} sources
 * @param {string | undefined} codename of the running release, from os-release
 * @returns {AptSource[]}
 */
export function selectDebianMirrors(sources, codename) {
  const suites = new Set([...DEBIAN_SUITES, ...(codename ? [codename] : [])])
  return sources.filter(
    ({ suites: has, components }) => components.includes('main') && has.some((suite) => suites.has(suite)),
  )
}

/**
 * Lines for a private sources.list that read other suites of the same mirror.
 * @param {AptSource[]} mirrors
 * @param {{ type: 'deb' | 'deb-src', suites: string[], keyring: string | undefined }} wanted
 *   `keyring` is for mirrors whose own entry names no key file
 */
export function sourcesListFor(mirrors, { type, suites, keyring }) {
  const lines = mirrors.flatMap(({ uri, signedBy }) => {
    const key = signedBy?.startsWith('/') ? signedBy : keyring
    return suites.map((suite) => `${type} ${key ? `[signed-by=${key}] ` : ''}${uri} ${suite} main\n`)
  })
  return [...new Set(lines)].join('')
}

/** @param {string} stanza */
function parseFields(stanza) {
  /** @type {Map<string, string>} */
  const fields = new Map()
  const unfolded = stanza.replace(/\n[ \t]+/g, ' ')
  for (const [, name = '', value = ''] of unfolded.matchAll(/^([A-Za-z-]+):[ \t]*(.*)$/gm)) {
    fields.set(name.toLowerCase(), value.trim())
  }
  return fields
}

/** @param {string | undefined} text */
function words(text) {
  return (text ?? '').split(/\s+/).filter(Boolean)
}
