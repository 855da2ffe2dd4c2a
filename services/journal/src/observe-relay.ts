import { DaybookError } from '@daybook/errors'
import type { CheckResult, Metrics, Tracing } from '@daybook/runtime'
import type { RelayParts } from './relay.ts'
import type { Outgoing } from './tap.ts'

interface ObservedRelay {
  hooks: Required<Pick<RelayParts, 'onStarted' | 'onPublished' | 'onFailure'>>
  state: () => CheckResult
}

/** Counts what the relay does, and tells when it can go on only after somebody has done something. */
export function observeRelay(metrics: Metrics, tracing: Tracing | undefined): ObservedRelay {
  const position = metrics.gauge({
    name: 'relay_position',
    help: 'The last position published to JetStream by this instance.',
  })
  const published = metrics.counter({
    name: 'relay_events_total',
    help: 'Events that this instance published to JetStream, repetitions after a loss included.',
  })
  const failures = metrics.counter({
    name: 'relay_failures_total',
    help: 'Times that the relay of this instance failed and started over.',
  })
  let trouble: DaybookError | undefined
  return {
    hooks: {
      onStarted: () => {
        trouble = undefined
      },
      onPublished: (events, startedAtMs) => {
        published.inc(events.length)
        position.set(events.at(-1)?.position ?? 0)
        if (tracing !== undefined) traceBatch(tracing, events, startedAtMs)
      },
      onFailure: (error) => {
        failures.inc()
        // While NATS or Postgres is away the relay waits, and appends over HTTP go on: that is being ready.
        trouble = error instanceof DaybookError && error.code === 'restored-without-era' ? error : undefined
      },
    },
    state: () => (trouble === undefined ? { ok: true } : { ok: false, reason: trouble.message }),
  }
}

function traceBatch(tracing: Tracing, batch: readonly Outgoing[], startedAtMs: number): void {
  const events = batch.map(({ event }) => event)
  const attributes = { 'daybook.batch.events': events.length }
  tracing.record('relay', events, { startedAtMs, endedAtMs: Date.now(), attributes })
}
