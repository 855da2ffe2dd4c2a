import { DaybookError, type ErrorCode, type JsonObject } from '@daybook/errors'
import type { AppendLimits } from './append-limits.ts'
import { checksumOf } from './chain.ts'
import { type Draft, draftSchema } from './envelope.ts'
import { isInstant } from './instant.ts'
import { canonicalJson } from './json/canonical.ts'
import { requireKeepable } from './json/keepable.ts'
import { ownTypes } from './registry.ts'
import { isUserTypeName, type UserTypes } from './schema/user-type.ts'
import { parseStream } from './stream.ts'
import { type Complaint, Validator } from './validator.ts'

/** An event that may be appended, with what the journal would otherwise compute again. */
export interface PreparedDraft extends Draft {
  /** The kind of its stream. */
  kind: string
  canonicalData: string
  checksum: string
  /** UTF-8 bytes of `canonicalData`. */
  dataBytes: number
}

/**
 * Where a value comes from. `json`: out of `parseJson`, within the depth that the limits allow, so that everything that
 * the journal cannot keep has been refused. `memory`: from anywhere.
 */
export type Origin = 'json' | 'memory'

const drafts = new Validator(draftSchema)

/** Faults in these fields have a code of their own. */
const CODE_OF_FIELD: Readonly<Record<string, ErrorCode>> = {
  id: 'invalid-id',
  stream: 'invalid-stream',
  data: 'invalid-event-data',
}

/** Where an event of a request is, where it comes from, and whose types it may have. */
export interface DraftPlace {
  /** The event in messages, such as `events[3]`. */
  path: string
  origin: Origin
  userTypes: UserTypes
}

/**
 * Checks one event of a request and everything in it. Codes: invalid-json, json-too-deep,
 * unsafe-number, invalid-string, invalid-request, invalid-id, invalid-stream, unknown-event-type,
 * unknown-event-version, wrong-stream-kind, invalid-event-data, payload-too-large.
 */
export function prepareDraft(value: unknown, place: DraftPlace, limits: AppendLimits): PreparedDraft {
  const { path, origin } = place
  if (origin === 'memory') requireKeepable(value, { path, depthMax: limits.depthMax + 1 })
  if (!drafts.check(value)) throw draftError(drafts.explain(value), path)
  if (value.occurredAt !== undefined && !isInstant(value.occurredAt)) {
    throw refusal('invalid-request', `${path}.occurredAt`, 'is not on the calendar')
  }
  const { kind } = parseStream(value.stream)
  requireData(value, kind, place)
  const canonicalData = canonicalJson(value.data)
  const dataBytes = Buffer.byteLength(canonicalData)
  if (dataBytes > limits.payloadBytesMax) {
    const detail = `is ${dataBytes} bytes, more than ${limits.payloadBytesMax}; put large values into blobs`
    throw refusal('payload-too-large', `${path}.data`, detail)
  }
  return { ...value, kind, canonicalData, checksum: checksumOf(canonicalData), dataBytes }
}

/** Daybook's own types first: an event of those costs nothing more for the types that users have added. */
function requireData(draft: Draft, kind: string, { path, userTypes }: DraftPlace): void {
  const own = ownTypes.find(draft.type, draft.v)
  if (own !== undefined) {
    requireKind(draft, { path, kind, expected: own.eventType.kind })
    if (own.validator.check(draft.data)) return
    throw dataError(path, own.validator.explain(draft.data))
  }
  const userType = userTypes.find(draft.type, draft.v)
  if (userType === undefined) throw unknownType(draft, path, userTypes)
  requireKind(draft, { path, kind, expected: userType.kind ?? kind })
  const complaint = userType.check(draft.data)
  if (complaint !== undefined) throw dataError(path, complaint)
}

function unknownType({ type }: Draft, path: string, userTypes: UserTypes): DaybookError {
  const versions = [...ownTypes.versionsOf(type), ...userTypes.versionsOf(type)]
  if (versions.length > 0) {
    const detail = `is not one of the known versions: ${versions.join(', ')}`
    return refusal('unknown-event-version', `${path}.v`, detail, { type })
  }
  const detail = isUserTypeName(type)
    ? 'is not a type that was added; add its schema first'
    : 'is not an event type of Daybook'
  return refusal('unknown-event-type', `${path}.type`, detail, { type })
}

function requireKind(
  { type }: Draft,
  { path, kind, expected }: { path: string; kind: string; expected: string },
): void {
  if (kind === expected) return
  throw refusal('wrong-stream-kind', `${path}.stream`, `has to be ${expected}/… for a ${type}`)
}

function dataError(path: string, complaint: Complaint): DaybookError {
  return refusal('invalid-event-data', `${path}.data${complaint.path}`, complaint.detail)
}

function draftError(complaint: Complaint, path: string): DaybookError {
  const field = /^\.(\w+)/.exec(complaint.path)?.[1] ?? ''
  return refusal(CODE_OF_FIELD[field] ?? 'invalid-request', `${path}${complaint.path}`, complaint.detail)
}

function refusal(code: ErrorCode, path: string, detail: string, more: JsonObject = {}): DaybookError {
  return new DaybookError(code, `${path} ${detail}.`, { details: { path, ...more } })
}
