import { DaybookError } from '@daybook/errors'

/** `run/01K…`: the kind says which events the stream holds, the id whose they are. */
export interface StreamName {
  kind: string
  id: string
}

/** `<kind>/<id>`: a kind of up to 32, an id of up to 200 characters. The id may hold further slashes. */
export const STREAM_PATTERN = '^[a-z][a-z0-9-]{0,31}/[A-Za-z0-9][A-Za-z0-9_:@=~+/.-]{0,199}$'
const stream = new RegExp(STREAM_PATTERN)

/** Splits a stream name. Code: invalid-stream. */
export function parseStream(name: string): StreamName {
  if (!stream.test(name)) {
    throw new DaybookError(
      'invalid-stream',
      'A stream is named <kind>/<id>, such as run/01K00000000000000000000000.',
    )
  }
  const slash = name.indexOf('/')
  return { kind: name.slice(0, slash), id: name.slice(slash + 1) }
}
