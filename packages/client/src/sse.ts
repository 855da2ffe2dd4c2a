import { DaybookError } from '@daybook/errors'

/** One dispatched event of a `text/event-stream` (WHATWG HTML, "Server-sent events"). */
export interface SseFrame {
  /** The last event id seen so far; empty when the stream never sent one. */
  readonly id: string
  /** `message` when the frame names no event. */
  readonly event: string
  readonly data: string
}

export interface SseParser {
  /** The frames that `chunk` completes. Chunks may be cut anywhere, also inside a UTF-8 character or a CRLF. */
  push(chunk: Uint8Array): SseFrame[]
}

/**
 * One frame holds one journal event: at most 256 KiB of data and its envelope. Sixteen times that is surely not ours,
 * and a peer that never ends a line must not fill the memory.
 */
const frameCharsMax = 4 * 1024 * 1024

/** Parses a stream as the WHATWG standard says; an unfinished frame at the end of the stream is discarded. */
export function createSseParser(): SseParser {
  const decoder = new TextDecoder('utf-8') // ignoreBOM is false: a leading byte order mark is dropped, as the standard asks
  const frames = createFrameBuilder()
  let line = ''
  let endedWithCr = false

  return {
    push(chunk) {
      let text = decoder.decode(chunk, { stream: true })
      if (text === '') return []
      // A CRLF cut between two chunks is one line end, which the CR has already closed.
      if (endedWithCr && text.startsWith('\n')) text = text.slice(1)
      endedWithCr = text === '' ? false : text.endsWith('\r')
      const parts = text.split(/\r\n|\r|\n/)
      const rest = parts.pop() ?? ''
      const done: SseFrame[] = []
      for (const part of parts) {
        const frame = frames.take(line + part)
        line = ''
        if (frame !== undefined) done.push(frame)
      }
      line += rest
      if (line.length > frameCharsMax) throw tooLong()
      return done
    },
  }
}

/** Gathers the fields of one frame; an empty line completes it. */
function createFrameBuilder(): { take(line: string): SseFrame | undefined } {
  let id = ''
  let event = ''
  let data: string[] = []
  let chars = 0

  function complete(): SseFrame | undefined {
    const frame = data.length === 0 ? undefined : { id, event: event || 'message', data: data.join('\n') }
    event = ''
    data = []
    chars = 0
    return frame
  }

  return {
    take(line) {
      if (line === '') return complete()
      const { field, value } = splitField(line)
      if (field === 'event') event = value
      else if (field === 'id' && !value.includes('\0')) id = value
      else if (field === 'data') {
        chars += value.length
        if (chars > frameCharsMax) throw tooLong()
        data.push(value)
      }
      // `retry` is ignored: how long to wait is decided by our own backoff. Comments (empty field) and unknown fields say nothing.
      return undefined
    },
  }
}

function splitField(line: string): { field: string; value: string } {
  const colon = line.indexOf(':')
  if (colon === -1) return { field: line, value: '' }
  const start = line[colon + 1] === ' ' ? colon + 2 : colon + 1
  return { field: line.slice(0, colon), value: line.slice(start) }
}

function tooLong(): DaybookError {
  return new DaybookError(
    'unavailable',
    'The live tail sent a frame of over 4 MiB. Check that the URL is that of a Daybook gateway.',
  )
}
