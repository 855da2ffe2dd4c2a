/** The JSON Pointer (RFC 6901) to a member of what `path` points to. Any text may be the name of a member. */
export function memberPath(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
