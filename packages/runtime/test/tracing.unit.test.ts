import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { openTracing, type TraceStep, traceIdOf } from '../src/index.ts'
import { parseTraceparent } from '../src/tracing/traceparent.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const SAMPLED = `00-${TRACE}-${SPAN}-01`

const now = Date.now()
const work = { startedAtMs: now - 5, endedAtMs: now, attributes: { 'daybook.batch.events': 2 } }
const at = (ageMs: number) => new Date(now - ageMs).toISOString()

async function openMemory() {
  const exporter = new InMemorySpanExporter()
  const tracing = await openTracing({ service: 'test', processor: new SimpleSpanProcessor({ exporter }) })
  return {
    tracing,
    spans: () => exporter.getFinishedSpans(),
    [Symbol.asyncDispose]: () => tracing[Symbol.asyncDispose](),
  }
}

describe('the spans of an event', () => {
  it('descend from the producer through append to relay and apply, whichever service makes them first', async () => {
    await using journal = await openMemory()
    await using projection = await openMemory()
    const events = [{ id: 'A', traceparent: SAMPLED, recordedAt: at(0) }]
    projection.tracing.record('apply', events, work)
    for (const step of ['append', 'relay'] as const) journal.tracing.record(step, events, work)

    const [append, relay] = journal.spans()
    const [apply] = projection.spans()
    const spans = [append, relay, apply]
    expect(spans.map((span) => span?.spanContext().traceId)).toEqual([TRACE, TRACE, TRACE])
    expect(append?.parentSpanContext?.spanId).toBe(SPAN)
    expect(relay?.parentSpanContext?.spanId).toBe(append?.spanContext().spanId)
    expect(apply?.parentSpanContext?.spanId).toBe(append?.spanContext().spanId)
    expect(apply?.links[0]?.context.spanId).toBe(relay?.spanContext().spanId)
    expect(new Set(spans.map((span) => span?.spanContext().spanId)).size).toBe(3)
    expect(append).toMatchObject({
      name: 'daybook append',
      attributes: { 'daybook.event.id': 'A', 'daybook.batch.events': 2 },
    })
    expect(append?.duration).toEqual([0, 5_000_000])
  })

  it('are made only for what the producer records, and not for old events', async () => {
    await using memory = await openMemory()
    const left = [
      { id: 'none', recordedAt: at(0) },
      { id: 'unsampled', traceparent: `00-${TRACE}-${SPAN}-00`, recordedAt: at(0) },
      { id: 'unreadable', traceparent: 'yes', recordedAt: at(0) },
      { id: 'old', traceparent: SAMPLED, recordedAt: at(600_000) },
    ]
    for (const step of ['append', 'relay', 'apply'] satisfies TraceStep[])
      memory.tracing.record(step, [...left, { id: 'new', traceparent: SAMPLED, recordedAt: at(0) }], work)
    expect(memory.spans().map(({ attributes }) => attributes['daybook.event.id'])).toEqual([
      'new',
      'new',
      'new',
    ])
  })
})

describe('a traceparent', () => {
  it('is read as W3C Trace Context has it', () => {
    expect(parseTraceparent(SAMPLED)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled: true })
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`)?.traceId).toBe(TRACE)
    expect(traceIdOf(`00-${TRACE}-${SPAN}-00`)).toBe(TRACE)
    for (const bad of [
      undefined,
      ['00'],
      '',
      `ff-${TRACE}-${SPAN}-01`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${'0'.repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE}-${SPAN}`,
    ])
      expect(parseTraceparent(bad)).toBeUndefined()
  })
})
