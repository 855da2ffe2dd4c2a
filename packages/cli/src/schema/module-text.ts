import type { Schema } from '@daybook/client'
import { type DataSchema, readDataSchema } from '@daybook/events'
import { commentText, nameText, typeText } from './type-text.ts'

const HEAD = `// Written by \`daybook schema:types\`. Write it anew instead of editing it.

/**
 * The event types that were added to this Daybook: the data of each version.
 *
 *     const daybook = await connectDaybook<UserEvents>()
 */
export type UserEvents = {`

/** A TypeScript module with the data types of event types, for the SDK. In the order of names and versions. */
export function moduleText(schemas: readonly Schema[]): string {
  const byType = Map.groupBy(
    schemas.toSorted((a, b) => (a.type === b.type ? a.v - b.v : a.type < b.type ? -1 : 1)),
    ({ type }) => type,
  )
  const types = [...byType].flatMap(([type, versions]) => [
    `  ${nameText(type)}: {`,
    ...versions.flatMap(versionLines),
    '  }',
  ])
  return [HEAD, ...types, '}', ''].join('\n')
}

function versionLines({ v, schema, description }: Schema): string[] {
  const { $schema: _dialect, $id: _id, ...data } = schema
  const read: DataSchema = readDataSchema(data)
  const words = read.description ?? description
  return [
    ...commentText({ ...read, ...(words !== undefined && { description: words }) }, '    '),
    `    ${v}: ${typeText(read, '    ')}`,
  ]
}
