import type { ErrorCode } from '@daybook/errors'

/**
 * The HTTP status of each error code. 400: it cannot be read or has not the shape of a request. 422: it has, but what
 * it says is not allowed. 409: the journal holds something else. 503: repeat it later. 504: the outcome is not known.
 */
const statuses = {
  'invalid-json': 400,
  'duplicate-json-key': 400,
  'json-too-deep': 400,
  'unsafe-number': 400,
  'invalid-string': 400,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'invalid-request': 400,
  'invalid-id': 400,
  'no-message-id': 400,
  'invalid-stream': 400,
  'unknown-event-type': 422,
  'unknown-event-version': 422,
  'wrong-stream-kind': 422,
  'invalid-event-data': 422,
  'invalid-schema': 422,
  'too-many-schemas': 422,
  'too-many-events': 422,
  unauthenticated: 401,
  forbidden: 403,
  'id-reused': 409,
  'key-reused': 409,
  'schema-conflict': 409,
  'seq-conflict': 409,
  'invalid-transition': 409,
  conflict: 409,
  'legal-hold': 409,
  'reserved-event-type': 422,
  'journal-restored': 409,
  'already-settled': 409,
  'already-decided': 409,
  'lease-lost': 409,
  'ambiguous-id': 409,
  'stream-parked': 409,
  'not-found': 404,
  'method-not-allowed': 405,
  'invalid-cursor': 400,
  'damaged-run': 422,
  'payload-erased': 410,
  'verification-failed': 500,
  'not-sealed': 503,
  'event-not-applied': 500,
  undeliverable: 500,
  'position-not-reached': 503,
  overloaded: 503,
  'archive-unavailable': 503,
  unavailable: 503,
  timeout: 504,
  'invalid-usage': 400,
  'unsafe-configuration': 500,
  'port-in-use': 500,
  'restored-without-era': 500,
  'migration-failed': 500,
  internal: 500,
} as const satisfies Record<ErrorCode, number>

/** The HTTP status that goes with an error code. */
export function statusOf(code: ErrorCode): number {
  return statuses[code]
}
