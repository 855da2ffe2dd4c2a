import { DaybookError } from '@daybook/errors'
import { APPEND_LIMITS, type AppendLimits } from './append-limits.ts'
import { appendRequestShape, type Expectation } from './envelope.ts'
import { type Origin, type PreparedDraft, prepareDraft } from './prepared-draft.ts'
import { noUserTypes, type UserTypes } from './schema/user-type.ts'
import { parseStream } from './stream.ts'
import { Validator } from './validator.ts'

/** A request that is sound in itself; only the state of the streams can still refuse it. */
export interface PreparedRequest {
  events: PreparedDraft[]
  expect: ReadonlyMap<string, Expectation>
  /** Sum of `dataBytes`. */
  bytes: number
}

/** How a request is checked. */
export interface ParseOptions {
  /** `APPEND_LIMITS` where nothing is said. */
  limits?: Partial<AppendLimits>
  /** `memory` unless told. */
  origin?: Origin
  /** The types that the tenant's users have added; none unless told. */
  userTypes?: UserTypes
}

const shape = new Validator(appendRequestShape)

/**
 * Checks an append request, strictly and completely, before anything is queued: unknown fields are refused and nothing
 * is coerced. The message names the place, such as `events[3].data.effectId`. Codes: those of `prepareDraft`, and
 * too-many-events, id-reused or key-reused when two different events of one request claim the same id or key.
 */
export function parseAppendRequest(
  value: unknown,
  { limits = {}, origin = 'memory', userTypes = noUserTypes }: ParseOptions = {},
): PreparedRequest {
  const bounds = { ...APPEND_LIMITS, ...limits }
  if (!shape.check(value)) {
    const { path, detail } = shape.explain(value)
    throw new DaybookError('invalid-request', `The append request${path} ${detail}.`)
  }
  if (value.events.length > bounds.eventsMax) {
    const message = `The request holds ${value.events.length} events; send at most ${bounds.eventsMax} at once.`
    throw new DaybookError('too-many-events', message)
  }
  const events = value.events.map((draft, index) =>
    prepareDraft(draft, { path: `events[${index}]`, origin, userTypes }, bounds),
  )
  requireConsistent(events)
  const bytes = events.reduce((sum, { dataBytes }) => sum + dataBytes, 0)
  return { events, expect: readExpectations(value.expect ?? {}), bytes }
}

function readExpectations(expect: Readonly<Record<string, Expectation>>): Map<string, Expectation> {
  const entries = Object.entries(expect)
  for (const [stream] of entries) parseStream(stream)
  return new Map(entries)
}

/**
 * Whether two events are one for idempotency: the same content in the same place. When it was said, by whom, and in
 * which trace may differ between two tries of one producer.
 */
export function isSameEvent(a: Identity, b: Identity): boolean {
  return (
    a.stream === b.stream && a.type === b.type && a.v === b.v && a.key === b.key && a.checksum === b.checksum
  )
}

/** What makes an event the one it is, besides its id. */
export type Identity = Pick<PreparedDraft, 'stream' | 'type' | 'v' | 'checksum'> & {
  key?: string | undefined
}

/** An event may come twice in one request, like in two; one id or key for two different events may not. */
function requireConsistent(events: readonly PreparedDraft[]): void {
  const byId = new Map<string, PreparedDraft>()
  const byKey = new Map<string, PreparedDraft>()
  for (const [index, event] of events.entries()) {
    const claim = (seen: Map<string, PreparedDraft>, name: string, code: 'id-reused' | 'key-reused') => {
      const twin = seen.get(name)
      if (twin !== undefined && !isSameEvent(twin, event)) {
        const member = code === 'id-reused' ? 'id' : 'key'
        throw new DaybookError(code, `events[${index}].${member} is that of another event of the request.`)
      }
      seen.set(name, event)
    }
    claim(byId, event.id, 'id-reused')
    if (event.key !== undefined) claim(byKey, `${event.stream} ${event.key}`, 'key-reused')
  }
}
