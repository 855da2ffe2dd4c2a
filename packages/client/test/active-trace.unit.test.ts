import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { connectDaybook } from '../src/index.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

/** What a program that traces has set up: a context that knows its active span. */
function activate(active: Context): void {
  const manager: ContextManager = {
    active: () => active,
    with: (_context, fn, self, ...args) => fn.call(self, ...args),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  context.setGlobalContextManager(manager)
}

describe('a draft', () => {
  afterEach(() => context.disable())

  it('carries the span that is active where it is made, unless it names one itself', async () => {
    await using daybook = await connectDaybook()
    const input = { stream: 'run/a', type: 'PROCESS_LOG', data: { message: 'x' } } as const
    expect(daybook.draft(input)).not.toHaveProperty('traceparent')
    activate(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED }))
    expect(daybook.draft(input).traceparent).toBe(`00-${traceId}-${spanId}-01`)
    const own = `00-${traceId}-${'1'.repeat(16)}-00`
    expect(daybook.draft({ ...input, traceparent: own }).traceparent).toBe(own)
  })
})
