/** Where a trace comes from: W3C Trace Context, Level 1, 3.2 (`traceparent`). */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string
  /** 16 hex digits: the span that everything else descends from. */
  spanId: string
  /** Whether whoever began the trace records it. */
  isSampled: boolean
}

/** Later versions may go on after the flags (3.2.4); the version ff is forbidden. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** Reads the header, or field, of that name; undefined when it is none. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const [, traceId, spanId, flags] = (typeof text === 'string' && TRACEPARENT.exec(text)) || []
  if (traceId === undefined || spanId === undefined || traceId === NO_TRACE || spanId === NO_SPAN)
    return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags ?? '0', 16) & 1) === 1 }
}

/** The trace to name in a line of the log; undefined when there is none. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return parseTraceparent(traceparent)?.traceId
}
