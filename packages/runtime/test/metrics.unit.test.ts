import { expect, it } from 'vitest'
import { createMetrics } from '../src/index.ts'

it('keeps the metrics of two services in one process apart', async () => {
  const journal = createMetrics({ service: 'journal', processMetrics: false })
  const gateway = createMetrics({ service: 'gateway', processMetrics: false })
  const options = { name: 'appends_total', help: 'Appends.', labels: ['outcome'] as const }
  journal.counter(options).inc({ outcome: 'accepted' }, 2)
  gateway.counter(options).inc({ outcome: 'refused' })
  expect(await journal.text()).toContain('daybook_appends_total{outcome="accepted",service="journal"} 2')
  expect(await journal.text()).not.toContain('refused')
})

it('asks a gauge for its value when it is read', async () => {
  const metrics = createMetrics({ service: 'projection', processMetrics: false })
  let lag = 3
  metrics.gauge({ name: 'lag_events', help: 'Events behind.', collect: (gauge) => gauge.set(lag) })
  expect(await metrics.text()).toContain('daybook_lag_events{service="projection"} 3')
  lag = 0
  expect(await metrics.text()).toContain('daybook_lag_events{service="projection"} 0')
})

it('answers all other metrics when one cannot be looked up', async () => {
  const metrics = createMetrics({ service: 'journal', processMetrics: false })
  const away = async () => {
    throw new Error('the database is away')
  }
  metrics.gauge({ name: 'head_position', help: 'Head.', collect: away })
  metrics.gauge({ name: 'waiting_messages', help: 'Waiting.', labels: ['durable'], collect: away })
  metrics.gauge({ name: 'streams', help: 'Streams.', collect: (gauge) => gauge.set(2) })
  const text = await metrics.text()
  expect(text).toContain('daybook_streams{service="journal"} 2')
  expect(text).toContain('daybook_head_position{service="journal"} Nan')
  expect(text).not.toMatch(/^daybook_waiting_messages\{/m)
})

it('measures durations in buckets from 1 ms to 10 s', async () => {
  const metrics = createMetrics({ service: 'journal', processMetrics: false })
  metrics.histogram({ name: 'append_duration_seconds', help: 'Appends.' }).observe(0.004)
  expect(await metrics.text()).toContain(
    'daybook_append_duration_seconds_bucket{le="0.005",service="journal"} 1',
  )
})

it('includes the process unless told not to', async () => {
  expect(await createMetrics({ service: 'journal' }).text()).toContain('process_cpu_seconds_total')
})
