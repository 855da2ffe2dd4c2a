import { createHash } from 'node:crypto'
import type { JsonValue } from '@daybook/errors'
import { type BlobRef, canonicalJson } from '@daybook/events'
import { fits } from './json-file.ts'
import type { RunFile } from './read-directory.ts'

/** Bytes to keep in the journal's blobs before the events that refer to them are appended. */
export interface KeptBlob {
  readonly sha256: string
  readonly bytes: Uint8Array
  readonly mediaType: string
}

/** A value over this size lies beside the journal and not in it. */
const inlineBytesMax = 64 * 1024

/** Collects the blobs of one run, each once. */
export interface BlobStore {
  readonly blobs: ReadonlyMap<string, KeptBlob>
  /** Keeps a file as it is. */
  keepFile(file: RunFile): BlobRef
  /** The value itself where an event can hold it, otherwise a reference to its JSON. */
  inlineOrKeep(value: JsonValue): JsonValue
}

export function createBlobStore(): BlobStore {
  const blobs = new Map<string, KeptBlob>()
  const keep = (bytes: Uint8Array, sha256: string, mediaType: string): BlobRef => {
    // An empty file needs no blob: its length says all.
    if (bytes.length > 0 && !blobs.has(sha256)) blobs.set(sha256, { sha256, bytes, mediaType })
    return { $blob: sha256, bytes: bytes.length, mediaType }
  }
  const keepValue = (value: JsonValue): JsonValue => {
    const bytes = Buffer.from(jsonOf(value))
    return { ...keep(bytes, createHash('sha256').update(bytes).digest('hex'), 'application/json') }
  }
  return {
    blobs,
    keepFile: ({ path, bytes, sha256 }) => keep(bytes, sha256, mediaTypeOf(path)),
    inlineOrKeep: (value) => (fits(value, inlineBytesMax) ? value : keepValue(value)),
  }
}

/** Canonical, so that the same value is the same blob; what has no canonical form (a huge number) is written as it was read. */
function jsonOf(value: JsonValue): string {
  return fits(value, Number.POSITIVE_INFINITY) ? canonicalJson(value) : JSON.stringify(value)
}

function mediaTypeOf(path: string): string {
  if (path.endsWith('.json')) return 'application/json'
  return /\.(log|txt)$/.test(path) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}
