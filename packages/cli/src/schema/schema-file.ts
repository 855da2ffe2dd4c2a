import { DaybookError, type JsonObject } from '@daybook/errors'
import { canonicalJson, parseJson, readDataSchema } from '@daybook/events'

/** As deep as the HTTP door reads. */
const depthMax = 38

/** The schema that a file holds, checked as the journal will check it. Codes: invalid-json and its like, invalid-schema. */
export function parseSchemaFile(text: string): JsonObject {
  const value = parseJson(text, { depthMax })
  readDataSchema(value)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new DaybookError('invalid-schema', 'The schema is not an object.')
}

/** Whether two schemas are one. How a document is named and which dialect it has the journal adds when it hands it out. */
export function isSameSchema(a: JsonObject, b: JsonObject): boolean {
  return canonicalJson(contentOf(a)) === canonicalJson(contentOf(b))
}

function contentOf({ $schema: _dialect, $id: _id, ...content }: JsonObject): JsonObject {
  return content
}
