import { hash as digest } from 'node:crypto'
import type { JournalEvent } from './envelope.ts'
import { canonicalJson } from './json/canonical.ts'

/** The `prev` of the first event of a stream. */
export const FIRST_PREV = '0'.repeat(64)

/** Names the rule by which a hash was made, so that another rule can never give the same hash by accident. */
const DOMAIN = 'daybook/1\u0000'

/**
 * What the hash of an event covers: everything but `data` (its checksum stands for it), what says that the data is gone,
 * `position` and the hash itself.
 */
export type EventHeader = Omit<JournalEvent, 'data' | 'erased' | 'position' | 'hash'>

/** The first thing that does not hold in a chain. */
export interface ChainFault {
  seq: number
  code: 'checksum' | 'hash' | 'prev' | 'seq'
  detail: string
}

/** The last event before the ones to verify. */
export interface ChainStart {
  seq: number
  hash: string
}

/** SHA-256, lower-case hex, of the canonical JSON (RFC 8785) of `data`. */
export function checksumOf(canonicalData: string): string {
  return digest('sha256', canonicalData, 'hex')
}

/** SHA-256, lower-case hex, over `daybook/1`, a zero byte and the canonical JSON of the header without absent fields. */
export function hashOf(header: EventHeader): string {
  return hashOfHeaderText(headerTextOf(header))
}

/** The same for a header whose canonical JSON is at hand, see `headerTextOf`. */
export function hashOfHeaderText(text: string): string {
  return digest('sha256', DOMAIN + text, 'hex')
}

/**
 * Checks the events of one stream, oldest first, from its beginning or from `start`. Finds any change of a header or a
 * payload, a missing event and a changed order; that the newest events were cut off, only a receipt can tell. Of an event
 * whose payload was erased it checks everything else; whether the erasure is on record is another question.
 */
export function verifyChain(events: readonly JournalEvent[], start?: ChainStart): ChainFault | undefined {
  let last = start ?? { seq: 0, hash: FIRST_PREV }
  for (const event of events) {
    const fault = findLinkFault(event, last)
    if (fault !== undefined) return { seq: event.seq, ...fault }
    last = event
  }
  return undefined
}

/**
 * What is wrong with one event and its place behind `last`. `canonicalData` is the text that the payload is kept as,
 * where it is at hand: it then has to be this text, and not merely mean the same.
 */
export function findLinkFault(
  event: JournalEvent,
  last: ChainStart,
  canonicalData?: string,
): Omit<ChainFault, 'seq'> | undefined {
  if (event.seq !== last.seq + 1) return { code: 'seq', detail: `seq ${event.seq} follows seq ${last.seq}` }
  if (event.prev !== last.hash) return { code: 'prev', detail: 'prev is not the hash of the event before' }
  const checksum = (): string => checksumOf(canonicalData ?? canonicalJson(event.data))
  if (event.erased === undefined && event.checksum !== attempt(checksum)) {
    return { code: 'checksum', detail: 'data does not have this checksum' }
  }
  if (event.hash !== attempt(() => hashOf(event)))
    return { code: 'hash', detail: 'the header does not have this hash' }
  return undefined
}

/** An altered event may hold what has no canonical form; that is a fault to report, not one to throw. */
function attempt(make: () => string): string | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/**
 * The canonical JSON of the header. The fields are named one by one, since a field that events get later must not change
 * the hashes of this version; and in the order of RFC 8785, so that `JSON.stringify` gives the canonical text (absent
 * fields left out) in a third of the time. A test holds this against the general writer.
 */
export function headerTextOf(event: EventHeader): string {
  const { actor } = event
  return JSON.stringify({
    actor: { id: actor.id, kind: actor.kind },
    causationId: event.causationId,
    checksum: event.checksum,
    correlationId: event.correlationId,
    id: event.id,
    key: event.key,
    occurredAt: event.occurredAt,
    prev: event.prev,
    recordedAt: event.recordedAt,
    seq: event.seq,
    stream: event.stream,
    tenant: event.tenant,
    traceparent: event.traceparent,
    type: event.type,
    v: event.v,
  })
}
