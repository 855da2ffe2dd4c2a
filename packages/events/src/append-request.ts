import { DaybookError } from '@daybook/errors'
import { APPEND_LIMITS, type AppendLimits } from './append-limits.ts'
import { appendRequestShape, type Expectation } from './envelope.ts'
import { type PreparedDraft, prepareDraft } from './prepared-draft.ts'
import { parseStream } from './stream.ts'
import { Validator } from './validator.ts'

/** A request that is sound in itself; only the state of the streams can still refuse it. */
export interface PreparedRequest {
  events: PreparedDraft[]
  expect: ReadonlyMap<string, Expectation>
  /** Sum of `dataBytes`. */
  bytes: number
}

const shape = new Validator(appendRequestShape)

/**
 * Checks an append request, strictly and completely, before anything is queued: unknown fields are refused and nothing
 * is coerced. The message names the place, such as `events[3].data.effectId`. Codes: those of `prepareDraft`, and
 * too-many-events, id-reused or key-reused when two events of one request claim the same id or key.
 */
export function parseAppendRequest(value: unknown, limits: Partial<AppendLimits> = {}): PreparedRequest {
  const bounds = { ...APPEND_LIMITS, ...limits }
  if (!shape.check(value)) {
    const { path, detail } = shape.explain(value)
    throw new DaybookError('invalid-request', `The append request${path} ${detail}.`)
  }
  if (value.events.length > bounds.eventsMax) {
    const message = `The request holds ${value.events.length} events; send at most ${bounds.eventsMax} at once.`
    throw new DaybookError('too-many-events', message)
  }
  const events = value.events.map((draft, index) => prepareDraft(draft, `events[${index}]`, bounds))
  requireDistinct(events)
  const bytes = events.reduce((sum, { dataBytes }) => sum + dataBytes, 0)
  return { events, expect: readExpectations(value.expect ?? {}), bytes }
}

function readExpectations(expect: Readonly<Record<string, Expectation>>): Map<string, Expectation> {
  const entries = Object.entries(expect)
  for (const [stream] of entries) parseStream(stream)
  return new Map(entries)
}

/** Which of two events would get the id could only be guessed. */
function requireDistinct(events: readonly PreparedDraft[]): void {
  const ids = new Set<string>()
  const keys = new Set<string>()
  for (const [index, { id, stream, key }] of events.entries()) {
    if (ids.has(id)) throw new DaybookError('id-reused', `events[${index}].id comes twice in the request.`)
    ids.add(id)
    if (key === undefined) continue
    const streamKey = `${stream} ${key}`
    if (keys.has(streamKey)) throw new DaybookError('key-reused', `events[${index}].key comes twice in the request.`)
    keys.add(streamKey)
  }
}
