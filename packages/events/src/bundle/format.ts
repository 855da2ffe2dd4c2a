import { DaybookError } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { SHA256_PATTERN } from '../blob.ts'
import { journalEventSchema } from '../envelope.ts'
import { DEPTH_MAX, parseJson } from '../json/parse.ts'
import { Validator } from '../validator.ts'

/** The version of the format. */
export const BUNDLE_VERSION = 'daybook/1'
/** Around a payload there are the event and the line. */
const ENTRY_LEVELS = 2

const hashes = Type.Array(Type.String({ pattern: SHA256_PATTERN }), { maxItems: 64 })

/** Where an event is in the tree of a checkpoint, and what proves it (RFC 9162 §2.1.3). Hashes are SHA-256 in hex. */
export const inclusionProofSchema = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'The number of the leaf: the position less one' }),
  size: Type.Integer({ minimum: 1, description: 'Events under the checkpoint' }),
  hashes,
})
/** See `inclusionProofSchema`. */
export type InclusionProof = Static<typeof inclusionProofSchema>

const manifestSchema = Type.Object({
  bundle: Type.Literal(BUNDLE_VERSION),
  tenant: Type.String(),
  streams: Type.Array(Type.String(), {
    minItems: 1,
    description: 'The streams in it, each from its first event on',
  }),
  era: Type.Integer({ minimum: 1 }),
  createdAt: Type.String(),
  checkpoint: Type.Optional(Type.String({ description: 'The signed note into which the proofs lead' })),
  consistency: Type.Optional(
    Type.Object(
      { from: Type.Integer({ minimum: 1 }), hashes },
      { description: 'Proves that the checkpoint continues an older one (RFC 9162 §2.1.4)' },
    ),
  ),
})
/** The first line of a bundle: what is in it. */
export type BundleManifest = Static<typeof manifestSchema>

const entrySchema = Type.Object({ event: journalEventSchema, proof: Type.Optional(inclusionProofSchema) })
/** A line of a bundle: an event, and the proof that it is under the checkpoint, if it is. */
export type BundleEntry = Static<typeof entrySchema>

const endSchema = Type.Object({
  end: Type.Object({
    events: Type.Integer({ minimum: 0 }),
    sha256: Type.String({ pattern: SHA256_PATTERN }),
  }),
})
/** The last line of a bundle: how many events there are, and the SHA-256 of all bytes before this line. */
export type BundleEnd = Static<typeof endSchema>

const manifests = new Validator(manifestSchema)
const entries = new Validator(entrySchema)
const ends = new Validator(endSchema)

/** Reads the first line. Codes: invalid-request (not a bundle of this version) and those of `parseJson`. */
export function parseManifest(line: string): BundleManifest {
  const value = parseJson(line)
  if (manifests.check(value)) return value
  throw complaintOf(manifests, value, 'The first line')
}

/** Reads any line behind the first. Codes as of `parseManifest`. */
export function parseBundleLine(line: string): BundleEntry | BundleEnd {
  const value = parseJson(line, { depthMax: DEPTH_MAX + ENTRY_LEVELS })
  if (entries.check(value) || ends.check(value)) return value
  const isEnd = typeof value === 'object' && value !== null && 'end' in value
  throw isEnd ? complaintOf(ends, value, 'The last line') : complaintOf(entries, value, 'The line')
}

function complaintOf(
  validator: { explain(value: unknown): { path: string; detail: string } },
  value: unknown,
  what: string,
): DaybookError {
  const { path, detail } = validator.explain(value)
  return new DaybookError('invalid-request', `${what}${path} ${detail}; it is not that of a bundle.`)
}
