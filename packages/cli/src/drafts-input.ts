import { DaybookError, type JsonObject, type JsonValue } from '@daybook/errors'
import {
  APPEND_REQUEST_LEVELS,
  type AppendRequest,
  anyUserTypes,
  DEPTH_MAX,
  parseAppendRequest,
  parseJson,
} from '@daybook/events'
import { chunksOf } from './chunks.ts'

/**
 * What a text asks to append: one AppendRequest (an object with `events`), or drafts as JSON Lines, which become as many
 * requests as they need. Everything is checked before the first request is made. A draft without an id gets one, a draft
 * without `v` version 1. Codes: those of an append request, with the line that is at fault.
 */
export function parseDrafts(text: string, nextId: () => string): AppendRequest[] {
  const whole = parseWhole(text)
  if (whole !== undefined && 'events' in whole) return [completeRequest(whole, nextId)]
  const drafts = linesOf(text).map(({ number, line }) => checkedLine(line, number, nextId))
  if (drafts.length === 0)
    throw new DaybookError('invalid-request', 'There is nothing to append: the input is empty.')
  return [...chunksOf(drafts)].map((chunk) => ({ events: [...chunk.drafts] }))
}

const limits = { depthMax: DEPTH_MAX + APPEND_REQUEST_LEVELS }

/** One JSON object over the whole text; undefined when the text may be lines of JSON. */
function parseWhole(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text, limits)
    if (isObject(value)) return value
  } catch (error) {
    const [first, second] = linesOf(text)
    // The first of several lines is a JSON text of its own: these are JSON Lines, and each is looked at by itself.
    if (second !== undefined && isJson(first?.line ?? '')) return undefined
    if (!(error instanceof DaybookError) || first === undefined) return undefined
    throw error
  }
  throw new DaybookError('invalid-request', 'The input must be an object with events, or one draft a line.')
}

function isJson(text: string): boolean {
  try {
    parseJson(text, limits)
    return true
  } catch {
    return false
  }
}

function linesOf(text: string): { number: number; line: string }[] {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, line: line.trim() }))
  return lines.filter(({ line }) => line !== '')
}

function completeRequest(request: JsonObject, nextId: () => string): AppendRequest {
  const events = request['events']
  const completed = {
    ...request,
    events: Array.isArray(events) ? events.map((event) => complete(event, nextId)) : events,
  }
  const prepared = parseAppendRequest(completed, { userTypes: anyUserTypes })
  return { events: prepared.events.map(draftOf), expect: Object.fromEntries(prepared.expect) }
}

type Prepared = ReturnType<typeof parseAppendRequest>['events'][number]

/** Without what the check computed beside it. */
function draftOf({
  kind: _kind,
  canonicalData: _canonicalData,
  checksum: _checksum,
  dataBytes: _dataBytes,
  ...draft
}: Prepared): AppendRequest['events'][number] {
  return draft
}

function checkedLine(line: string, number: number, nextId: () => string): AppendRequest['events'][number] {
  try {
    const events = [complete(parseJson(line, limits), nextId)]
    const [event] = parseAppendRequest({ events }, { userTypes: anyUserTypes }).events
    if (event !== undefined) return draftOf(event)
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    const message = error.message.replaceAll('events[0]', 'the draft')
    throw new DaybookError(error.code, `Line ${number}: ${message} Nothing was appended.`, {
      details: { line: number },
    })
  }
  throw new DaybookError('invalid-request', `Line ${number} is not a draft. Nothing was appended.`)
}

function complete(event: JsonValue, nextId: () => string): JsonValue {
  return isObject(event) ? { id: nextId(), v: 1, ...event } : event
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
