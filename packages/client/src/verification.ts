import { type InclusionProof, parseStream, readLines } from '@daybook/events'
import { isRecord, listOf, one } from './answers.ts'
import { connectionError } from './connection-error.ts'
import type { Http } from './http.ts'

/** A verifier key, and between which checkpoints it was used. */
export interface CheckpointKey {
  readonly key: string
  readonly firstSize: number
  readonly lastSize: number
}

/** That an event is under the newest checkpoint. Hashes are SHA-256 in hex. */
export interface EventProof {
  readonly id: string
  readonly position: number
  readonly hash: string
  readonly proof: InclusionProof
  /** The signed note. */
  readonly checkpoint: string
}

/** What proves a journal to who does not trust it. None of it is checked here: see `daybook verify`. */
export interface Verification {
  /** The newest checkpoint, a signed note (C2SP tlog-checkpoint). Throws `not-found` when there is none yet. */
  checkpoint(): Promise<string>
  /** The keys that have signed checkpoints, newest first, as the journal itself says. */
  keys(): Promise<readonly CheckpointKey[]>
  /** Throws `not-found`, and `not-sealed` for an event that the newest checkpoint does not cover. */
  proof(eventId: string): Promise<EventProof>
  /** That the journal of `to` events begins with that of `from` events: hashes (RFC 9162 §2.1.4). */
  consistency(from: number, to: number): Promise<readonly string[]>
  /**
   * One stream as the lines of a bundle, as they come. With `since`, the size of an older checkpoint, the bundle proves
   * that its own checkpoint continues that one. Ends with the signal at the latest.
   */
  bundle(stream: string, options: { since?: number; signal: AbortSignal }): AsyncIterable<string>
}

export function openVerification(http: Http): Verification {
  return {
    checkpoint: async () => Buffer.from(await http.readBytes({ path: '/v1/checkpoint' })).toString(),
    keys: async () => listOf((await http.readJson({ path: '/v1/checkpoint/keys' })).body, 'keys', isKey),
    proof: async (eventId) =>
      one(await http.readJson({ path: `/v1/events/${encodeURIComponent(eventId)}/proof` }), isProof),
    consistency: async (from, to) => {
      const answer = await http.readJson({ path: '/v1/consistency', query: { from, to } })
      return listOf(answer.body, 'hashes', (hash): hash is string => typeof hash === 'string')
    },
    bundle: (stream, options) => readBundle(http, stream, options),
  }
}

async function* readBundle(
  http: Http,
  stream: string,
  { since, signal }: { since?: number; signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  const { kind, id } = parseStream(stream)
  const path = `/v1/streams/${kind}/${encodeURIComponent(id)}/bundle`
  const hangUp = new AbortController()
  const response = await http.openStream({ path, query: { since } }, AbortSignal.any([signal, hangUp.signal]))
  try {
    yield* readLines(response.body ?? new ReadableStream<Uint8Array>())
  } catch (cause) {
    throw connectionError(cause, 'GET', new URL(response.url))
  } finally {
    hangUp.abort()
  }
}

function isKey(value: unknown): value is CheckpointKey {
  return isRecord(value) && typeof value['key'] === 'string' && typeof value['lastSize'] === 'number'
}

function isProof(value: unknown): value is EventProof {
  return (
    isRecord(value) &&
    typeof value['position'] === 'number' &&
    typeof value['checkpoint'] === 'string' &&
    isRecord(value['proof']) &&
    Array.isArray(value['proof']['hashes'])
  )
}
