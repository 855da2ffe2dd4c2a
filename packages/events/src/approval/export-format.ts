import { hash as digest } from 'node:crypto'
import { DaybookError, type JsonObject } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { SHA256_PATTERN } from '../blob.ts'
import { checksumOf } from '../chain.ts'
import { INSTANT_PATTERN } from '../instant.ts'
import { canonicalJson } from '../json/canonical.ts'
import { parseJson } from '../json/parse.ts'
import { Validator } from '../validator.ts'

/** The version of the format; it is under every chain value. */
export const APPROVALS_SCHEMA_ID = 'daybook/approvals/1'
/** What comes before the first record. */
export const FIRST_CHAIN = '0'.repeat(64)

// Closed: a member that is under no checksum could say anything.
const closed = { additionalProperties: false }
const sha256 = Type.String({ pattern: SHA256_PATTERN })
const schemaId = Type.Literal(APPROVALS_SCHEMA_ID)
const anyObject = Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true })

const recordLineSchema = Type.Object(
  {
    schemaId,
    sequence: Type.Integer({ minimum: 1 }),
    record: anyObject,
    recordChecksum: sha256,
    prev: sha256,
    chain: sha256,
  },
  closed,
)
const trailerSchema = Type.Object(
  {
    schemaId,
    count: Type.Integer({ minimum: 0 }),
    chain: sha256,
    filters: anyObject,
    cutOff: Type.Boolean(),
    exportedAt: Type.String({ pattern: INSTANT_PATTERN }),
  },
  closed,
)
const trailerLineSchema = Type.Object({ trailer: trailerSchema, trailerChecksum: sha256 }, closed)

/** A line of an export: one approval, and its link in the chain. */
export type ExportRecordLine = Static<typeof recordLineSchema>
/** What the last line of an export says of all of them. */
export type ExportTrailer = Static<typeof trailerSchema>
/** The last line: the trailer, and the SHA-256 of its canonical JSON. */
export type ExportTrailerLine = Static<typeof trailerLineSchema>

const recordLines = new Validator(recordLineSchema)
const trailerLines = new Validator(trailerLineSchema)

/** Reads a line. Codes: invalid-request (not one of an export of this version) and those of `parseJson`. */
export function parseExportLine(line: string): ExportRecordLine | ExportTrailerLine {
  const value = parseJson(line)
  if (recordLines.check(value) || trailerLines.check(value)) return value
  const isTrailer = typeof value === 'object' && value !== null && 'trailer' in value
  const { path, detail } = (isTrailer ? trailerLines : recordLines).explain(value)
  throw new DaybookError(
    'invalid-request',
    `The line${path} ${detail}; it is not one of an export of approvals.`,
  )
}

/** SHA-256, lower-case hex, of the canonical JSON (RFC 8785) of a record or a trailer. */
export function exportChecksumOf(value: JsonObject): string {
  return checksumOf(canonicalJson(value))
}

/** SHA-256, lower-case hex, over schema id, sequence, prev and checksum, with one line feed between any two. */
export function chainOf({
  sequence,
  prev,
  recordChecksum,
}: Pick<ExportRecordLine, 'sequence' | 'prev' | 'recordChecksum'>): string {
  return digest('sha256', [APPROVALS_SCHEMA_ID, sequence, prev, recordChecksum].join('\n'), 'hex')
}
