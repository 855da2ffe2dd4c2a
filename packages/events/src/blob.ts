import { type Static, Type } from 'typebox'
import { Validator } from './validator.ts'

/** SHA-256 in lower-case hex. */
export const SHA256_PATTERN = '^[0-9a-f]{64}$'

/** A value that is kept once, under its hash, instead of inside the event. `bytes` is its length. */
export const blobRefSchema = Type.Object(
  {
    $blob: Type.String({ pattern: SHA256_PATTERN }),
    bytes: Type.Integer({ minimum: 0 }),
    mediaType: Type.String({ minLength: 1, maxLength: 200 }),
  },
  { additionalProperties: false },
)

/** See `blobRefSchema`. */
export type BlobRef = Static<typeof blobRefSchema>

const validator = new Validator(blobRefSchema)

/** Whether a value of an event only refers to the real one. */
export function isBlobRef(value: unknown): value is BlobRef {
  return validator.check(value)
}
