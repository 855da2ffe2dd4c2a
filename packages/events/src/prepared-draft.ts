import { DaybookError, type ErrorCode } from '@daybook/errors'
import type { AppendLimits } from './append-limits.ts'
import { checksumOf } from './chain.ts'
import { type Draft, draftSchema } from './envelope.ts'
import type { EventType } from './event-type.ts'
import { isInstant } from './instant.ts'
import { canonicalJson } from './json/canonical.ts'
import { requireKeepable } from './json/keepable.ts'
import { findEventType, validatorOf, versionsOf } from './registry.ts'
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

/**
 * Checks one event of a request and everything in it; `path` names it in messages. Codes: invalid-json, json-too-deep,
 * unsafe-number, invalid-string, invalid-request, invalid-id, invalid-stream, unknown-event-type,
 * unknown-event-version, wrong-stream-kind, invalid-event-data, payload-too-large.
 */
export function prepareDraft(
  value: unknown,
  { path, origin }: { path: string; origin: Origin },
  limits: AppendLimits,
): PreparedDraft {
  if (origin === 'memory') requireKeepable(value, { path, depthMax: limits.depthMax + 1 })
  if (!drafts.check(value)) throw draftError(drafts.explain(value), path)
  if (value.occurredAt !== undefined && !isInstant(value.occurredAt)) {
    throw refusal('invalid-request', `${path}.occurredAt`, 'is not on the calendar')
  }
  const { kind } = parseStream(value.stream)
  requireData(value, findType(value, path), { path, kind })
  const canonicalData = canonicalJson(value.data)
  const dataBytes = Buffer.byteLength(canonicalData)
  if (dataBytes > limits.payloadBytesMax) {
    const detail = `is ${dataBytes} bytes, more than ${limits.payloadBytesMax}; put large values into blobs`
    throw refusal('payload-too-large', `${path}.data`, detail)
  }
  return { ...value, kind, canonicalData, checksum: checksumOf(canonicalData), dataBytes }
}

function findType(draft: Draft, path: string): EventType {
  const found = findEventType(draft.type, draft.v)
  if (found !== undefined) return found
  const versions = versionsOf(draft.type)
  if (versions.length === 0)
    throw refusal('unknown-event-type', `${path}.type`, 'is not an event type of Daybook')
  throw refusal(
    'unknown-event-version',
    `${path}.v`,
    `is not one of the known versions: ${versions.join(', ')}`,
  )
}

function requireData(
  draft: Draft,
  eventType: EventType,
  { path, kind }: { path: string; kind: string },
): void {
  if (eventType.kind !== kind) {
    throw refusal(
      'wrong-stream-kind',
      `${path}.stream`,
      `has to be ${eventType.kind}/… for a ${eventType.type}`,
    )
  }
  const validator = validatorOf(eventType)
  if (validator.check(draft.data)) return
  const complaint = validator.explain(draft.data)
  throw refusal('invalid-event-data', `${path}.data${complaint.path}`, complaint.detail)
}

function draftError(complaint: Complaint, path: string): DaybookError {
  const field = /^\.(\w+)/.exec(complaint.path)?.[1] ?? ''
  return refusal(CODE_OF_FIELD[field] ?? 'invalid-request', `${path}${complaint.path}`, complaint.detail)
}

function refusal(code: ErrorCode, path: string, detail: string): DaybookError {
  return new DaybookError(code, `${path} ${detail}.`, { details: { path } })
}
