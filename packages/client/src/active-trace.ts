import { TraceFlags, trace } from '@opentelemetry/api'

/**
 * The `traceparent` (W3C Trace Context) of the span that is active where the draft is made, if the program traces with
 * OpenTelemetry: what Daybook does with the event becomes part of that trace.
 */
export function activeTrace(): { traceparent?: string } {
  const context = trace.getActiveSpan()?.spanContext()
  if (context === undefined) return {}
  const { traceId, spanId, traceFlags } = context
  const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0
  return { traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}` }
}
