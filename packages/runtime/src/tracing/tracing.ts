import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Link, ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, trace } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'
import { parseTraceparent } from './traceparent.ts'

/**
 * Traces of events (OpenTelemetry). A producer gives an event its `traceparent`; what Daybook does with the event becomes
 * spans of that trace:
 *
 * T1 Daybook begins no traces and samples nothing: it records what the producer records.
 * T2 The id of a span follows from the step and the id of the event. So each service knows the spans of the others, and
 *    nothing has to be carried along: `relay` and `apply` are children of `append`, and `apply` is linked to `relay`.
 * T3 Spans are made when the work is done, for whole batches. Without tracing there is no object of this file, and the
 *    paths that would call it check for that once in a batch.
 * T4 Old events are left out: a rebuild is not part of the traces of last year.
 */
export interface Tracing extends AsyncDisposable {
  /** Records that a step was done for these events, between two instants of the clock of `Date`. Never throws. */
  record(step: TraceStep, events: Iterable<TraceableEvent>, work: TracedWork): void
}

/** What is done with an event. */
export type TraceStep = 'append' | 'relay' | 'apply'

/** What has to be known of an event to trace it. */
export interface TraceableEvent {
  id: string
  traceparent?: string | undefined
  /** ISO 8601, UTC. */
  recordedAt: string
}

export interface TracedWork {
  startedAtMs: number
  endedAtMs: number
  /** Of each span of the work. */
  attributes?: Readonly<Record<string, string | number>>
}

export interface TracingOptions {
  /** Named in every span. */
  service: string
  /** Where finished spans go. */
  processor: SpanProcessor
}

/** Longer than an event waits while everything works, shorter than any trace that is still looked at. */
const AGE_MS_MAX = 5 * 60_000

/** Leaving must not wait for a collector that is away. */
const SHUTDOWN_MS_MAX = 2_000

/** Opens tracing into a processor of the SDK, which is loaded only here. */
export async function openTracing({ service, processor }: TracingOptions): Promise<Tracing> {
  const { TracerProvider, ParentBasedSampler, AlwaysOffSampler } = await import('@opentelemetry/sdk-trace')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  let nextSpanId = ''
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `daybook-${service}` }),
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }), // T1
    // T2: asked for once by each `startSpan`, which is synchronous.
    idGenerator: { generateSpanId: () => nextSpanId, generateTraceId: () => '0'.repeat(32) },
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('daybook')
  return {
    record(step, events, { startedAtMs, endedAtMs, attributes }) {
      const oldest = new Date(endedAtMs - AGE_MS_MAX).toISOString()
      for (const event of events) {
        if (event.traceparent === undefined || event.recordedAt < oldest) continue // T4
        const producer = parseTraceparent(event.traceparent)
        if (producer?.isSampled !== true) continue
        const { parent, links } = relativesOf(step, event.id, producer)
        nextSpanId = spanIdOf(step, event.id)
        const options = {
          kind: step === 'append' ? SpanKind.SERVER : SpanKind.CONSUMER,
          startTime: startedAtMs,
          links,
          attributes: { ...attributes, 'daybook.event.id': event.id },
        }
        tracer
          .startSpan(`daybook ${step}`, options, trace.setSpanContext(ROOT_CONTEXT, parent))
          .end(endedAtMs)
      }
    },
    async [Symbol.asyncDispose]() {
      const enough = new AbortController()
      await Promise.race([
        provider.shutdown().catch(() => undefined),
        delay(SHUTDOWN_MS_MAX, undefined, { signal: enough.signal }).catch(() => undefined),
      ])
      enough.abort()
    },
  }
}

function relativesOf(
  step: TraceStep,
  eventId: string,
  { traceId, spanId }: { traceId: string; spanId: string },
): { parent: SpanContext; links: Link[] } {
  const contextOf = (id: string): SpanContext => ({
    traceId,
    spanId: id,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  })
  if (step === 'append') return { parent: contextOf(spanId), links: [] }
  const links = step === 'apply' ? [{ context: contextOf(spanIdOf('relay', eventId)) }] : []
  return { parent: contextOf(spanIdOf('append', eventId)), links }
}

/** 64 bits of a hash are as good as the random ones that a span otherwise has. */
function spanIdOf(step: TraceStep, eventId: string): string {
  return hash('sha256', `${step} ${eventId}`, 'hex').slice(0, 16)
}
