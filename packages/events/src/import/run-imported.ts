import { Type } from 'typebox'
import { blobRefSchema, SHA256_PATTERN } from '../blob.ts'
import { defineEvent } from '../event-type.ts'
import { findingSchema } from './finding.ts'

const { Optional } = Type
const closed = { additionalProperties: false }

/** A file of the directory that was imported; its bytes are the blob of the same hash. */
const file = Type.Object(
  {
    path: Type.String({ minLength: 1 }),
    sha256: Type.String({ pattern: SHA256_PATTERN }),
    bytes: Type.Integer({ minimum: 0 }),
  },
  closed,
)

/**
 * A run came in from a directory of files. Its own events are in `run/<runId>`; this one, in `import/<runId>`, is where
 * they come from and what was wrong with them. A list too long for an event is kept as a blob.
 */
export const runImported = defineEvent({
  kind: 'import',
  type: 'RUN_IMPORTED',
  v: 1,
  description: 'A run came in from a directory of files: where it comes from, and what was wrong with it.',
  schema: Type.Object(
    {
      runId: Type.String({ minLength: 1, maxLength: 200 }),
      tool: Type.Object(
        { name: Type.String({ minLength: 1 }), version: Optional(Type.String({ minLength: 1 })) },
        closed,
      ),
      directory: Optional(Type.String()),
      files: Type.Union([Type.Array(file), blobRefSchema]),
      events: Type.Integer({ minimum: 0 }),
      damaged: Optional(Type.Boolean()),
      findings: Optional(Type.Union([Type.Array(findingSchema), blobRefSchema])),
    },
    closed,
  ),
})
