import { DaybookError } from '@daybook/errors'
import {
  type Actor,
  type EventHeader,
  type Expectation,
  hashOfHeaderText,
  headerTextOf,
  type Identity,
  isSameEvent,
  type PreparedDraft,
  type PreparedRequest,
  type Receipt,
} from '@daybook/events'

/**
 * The rules of appending, pure: given what the journal holds, each request of a batch is accepted, recognised as a
 * repetition, or refused, by itself and in order.
 *
 * S1 A refused request leaves no trace: the requests after it see the journal as if it had not been there.
 * S2 A repetition is recognised before expectations are looked at, so that a producer who never got its answer can ask
 *    again with the same words and gets the first receipt.
 * S3 Sequence numbers are dense and each event carries the hash of the one before it.
 */

/** One request and whose it is. */
export interface Job {
  tenant: string
  request: PreparedRequest
}

/** The end of a stream; seq 0 and 64 zeros where there is no event yet. */
export interface StreamHead {
  seq: number
  hash: string
}

/** What is needed of an event in the journal to recognise a repetition and to answer it. */
export interface KnownEvent {
  tenant: string
  id: string
  stream: string
  type: string
  v: number
  key: string | undefined
  seq: number
  position: number
  recordedAt: string
  checksum: string
  hash: string
}

/** An event that the batch adds; its position is the block's base plus `offset`. */
export interface NewEvent {
  offset: number
  kind: string
  data: string
  header: EventHeader
  /** The canonical JSON of the header, over which the hash is taken. */
  headerText: string
  hash: string
}

/** What the journal held when the batch was settled. The maps are keyed by `nameOf`. */
export interface Known {
  heads: Map<string, StreamHead>
  byId: Map<string, KnownEvent>
  byKey: Map<string, KnownEvent>
}

/** `base` is the last position before the batch's block. */
type Outcome = { receipts: (base: number) => Receipt[] } | { refusal: DaybookError }

export interface Settlement {
  outcomes: Outcome[]
  events: NewEvent[]
  /** Of all events that are added. */
  recordedAt: string
  /** The new ends of the streams that grew. */
  heads: Map<string, StreamHead>
}

/** Who appended, where the draft does not say. */
const UNKNOWN_ACTOR: Actor = { kind: 'user', id: 'anonymous' }

/** A map key of a tenant and a name in it; a tenant cannot hold a space. */
export function nameOf(tenant: string, name: string): string {
  return `${tenant} ${name}`
}

/** A map key of an event's natural idempotency key; a stream cannot hold a space either. */
export function keyNameOf(tenant: string, stream: string, key: string): string {
  return `${tenant} ${stream} ${key}`
}

type Entry = { known: KnownEvent } | { added: NewEvent }

interface Ledger {
  heads: Map<string, StreamHead>
  grown: Map<string, StreamHead>
  byId: Map<string, Entry>
  byKey: Map<string, Entry>
  events: NewEvent[]
}

/** Settles a batch in order. Total: it never throws. `recordedAt` is the journal's clock, ISO 8601 in milliseconds. */
export function settle(jobs: readonly Job[], known: Known, recordedAt: string): Settlement {
  const ledger: Ledger = {
    heads: new Map(known.heads),
    grown: new Map(),
    byId: new Map([...known.byId].map(([name, event]) => [name, { known: event }])),
    byKey: new Map([...known.byKey].map(([name, event]) => [name, { known: event }])),
    events: [],
  }
  const outcomes = jobs.map((job) => settleOne(job, ledger, recordedAt))
  return { outcomes, events: ledger.events, recordedAt, heads: ledger.grown }
}

function settleOne({ tenant, request }: Job, ledger: Ledger, recordedAt: string): Outcome {
  const repeated = request.events.map((draft) => findRepetition(tenant, draft, ledger))
  const refusal = repeated.find((entry) => entry instanceof DaybookError)
  if (refusal !== undefined) return { refusal }
  if (repeated.includes(undefined)) {
    const conflict = findConflict(tenant, request.expect, ledger)
    if (conflict !== undefined) return { refusal: conflict }
  }
  const entries = request.events.map((draft, index) => {
    const earlier = repeated[index]
    if (earlier !== undefined && !(earlier instanceof DaybookError))
      return { entry: earlier, duplicate: true }
    // A second mention of the same event within one request is a repetition of the first.
    const twin = ledger.byId.get(nameOf(tenant, draft.id)) ?? findByKey(tenant, draft, ledger)
    return twin === undefined
      ? { entry: add(tenant, draft, ledger, recordedAt), duplicate: false }
      : { entry: twin, duplicate: true }
  })
  return { receipts: (base) => entries.map(({ entry, duplicate }) => receiptOf(entry, base, duplicate)) }
}

function findByKey(tenant: string, draft: PreparedDraft, ledger: Ledger): Entry | undefined {
  return draft.key === undefined ? undefined : ledger.byKey.get(keyNameOf(tenant, draft.stream, draft.key))
}

function findRepetition(
  tenant: string,
  draft: PreparedDraft,
  ledger: Ledger,
): Entry | DaybookError | undefined {
  const sameId = ledger.byId.get(nameOf(tenant, draft.id))
  if (sameId !== undefined) {
    return isSameEvent(identityOf(sameId), draft)
      ? sameId
      : new DaybookError(
          'id-reused',
          `The id ${draft.id} is already that of another event (${placeOf(sameId)}). Give each event an id of its own; repeat an id only with the same content.`,
          { details: { stream: draft.stream, id: draft.id } },
        )
  }
  const sameKey = findByKey(tenant, draft, ledger)
  if (sameKey !== undefined && !isSameEvent(identityOf(sameKey), draft)) {
    return new DaybookError(
      'key-reused',
      `The key "${draft.key}" is already used in ${draft.stream} by another event (${placeOf(sameKey)}).`,
      { details: { stream: draft.stream, key: draft.key ?? '' } },
    )
  }
  return sameKey
}

function identityOf(entry: Entry): Identity {
  return 'known' in entry ? entry.known : entry.added.header
}

function placeOf(entry: Entry): string {
  const { stream, seq } = 'known' in entry ? entry.known : entry.added.header
  return `${stream} seq ${seq}`
}

function findConflict(
  tenant: string,
  expect: ReadonlyMap<string, Expectation>,
  ledger: Ledger,
): DaybookError | undefined {
  for (const [stream, expected] of expect) {
    const seq = ledger.heads.get(nameOf(tenant, stream))?.seq ?? 0
    if (!meets(seq, expected)) {
      return new DaybookError(
        'seq-conflict',
        `The stream ${stream} is at seq ${seq}, not as expected (${expected}). Read it again and decide anew.`,
        {
          details: { stream, expected, actual: seq },
        },
      )
    }
  }
  return undefined
}

function meets(seq: number, expected: Expectation): boolean {
  if (expected === 'absent') return seq === 0
  if (expected === 'exists') return seq > 0
  return seq === expected
}

function add(tenant: string, draft: PreparedDraft, ledger: Ledger, recordedAt: string): Entry {
  const streamKey = nameOf(tenant, draft.stream)
  const head = ledger.heads.get(streamKey)
  if (head === undefined) throw new Error(`the stream ${draft.stream} was not locked before it was settled`)
  const header = headerOf(tenant, draft, head, recordedAt)
  const headerText = headerTextOf(header)
  const hash = hashOfHeaderText(headerText)
  const { kind, canonicalData: data } = draft
  const entry = { added: { offset: ledger.events.length + 1, kind, data, header, headerText, hash } }
  const next = { seq: header.seq, hash }
  ledger.events.push(entry.added)
  ledger.heads.set(streamKey, next)
  ledger.grown.set(streamKey, next)
  ledger.byId.set(nameOf(tenant, draft.id), entry)
  if (draft.key !== undefined) ledger.byKey.set(keyNameOf(tenant, draft.stream, draft.key), entry)
  return entry
}

function headerOf(tenant: string, draft: PreparedDraft, head: StreamHead, recordedAt: string): EventHeader {
  const { id, stream, type, v, key, correlationId, causationId, traceparent, checksum } = draft
  const header: EventHeader = {
    id,
    tenant,
    stream,
    seq: head.seq + 1,
    type,
    v,
    actor: draft.actor ?? UNKNOWN_ACTOR,
    occurredAt: draft.occurredAt ?? recordedAt,
    recordedAt,
    checksum,
    prev: head.hash,
  }
  if (key !== undefined) header.key = key
  if (correlationId !== undefined) header.correlationId = correlationId
  if (causationId !== undefined) header.causationId = causationId
  if (traceparent !== undefined) header.traceparent = traceparent
  return header
}

function receiptOf(entry: Entry, base: number, duplicate: boolean): Receipt {
  if ('known' in entry) {
    const { id, stream, seq, position, recordedAt, checksum, hash } = entry.known
    return { id, stream, seq, position, recordedAt, checksum, hash, duplicate }
  }
  const { header, hash, offset } = entry.added
  const { id, stream, seq, recordedAt, checksum } = header
  return { id, stream, seq, position: base + offset, recordedAt, checksum, hash, duplicate }
}
