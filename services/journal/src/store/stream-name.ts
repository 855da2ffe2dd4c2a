/** A stream and whose it is. */
export interface StreamName {
  tenant: string
  stream: string
}

/** The opposite of `nameOf`. */
export function splitName(name: string): StreamName {
  const space = name.indexOf(' ')
  return { tenant: name.slice(0, space), stream: name.slice(space + 1) }
}
