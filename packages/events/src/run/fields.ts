import type { JsonValue } from '@daybook/errors'
import { type TProperties, Type } from 'typebox'

const closed = { additionalProperties: false }

/** Any JSON. A large value is kept as a blob, and a blob reference stands here instead. */
export const json = Type.Unsafe<JsonValue>({})
/** Text of any length, also empty. */
export const text = Type.String()
/** The name of something; never empty. */
export const name = Type.String({ minLength: 1 })
/** An id or a kind, which becomes part of keys, URLs and subjects. */
export const key = Type.String({ minLength: 1, maxLength: 200 })
/** Where a file of the run lies, relative to the run's directory. */
export const ref = Type.String({ minLength: 1 })
export const count = Type.Number({ minimum: 0 })

/** An error as a program threw it: beyond the message its members are the program's own, so it stays open. */
export const thrown = Type.Object({
  name: Type.Optional(text),
  message: text,
  stack: Type.Optional(text),
  data: Type.Optional(json),
})

/** The code of a process: a module and the name of its export. */
export const entrypoint = Type.Object({ importPath: text, exportName: text }, closed)

/** The data of a run event: its own fields and the two that a harness may stamp on any event; nothing else. */
export function runData<Fields extends TProperties>(fields: Fields) {
  return Type.Object({ harness: Type.Optional(text), sessionId: Type.Optional(text), ...fields }, closed)
}
