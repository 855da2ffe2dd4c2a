import type { CheckResult, Metrics } from '@daybook/runtime'
import type { Projection } from './projection-spec.ts'

/** What projections tell of themselves, each under its name. */
export interface ProjectionMetrics {
  applied(projection: string, events: number): void
  failed(projection: string): void
  parked(projection: string, streams: number): void
  stands(projection: string, position: number, lag: number | undefined): void
}

/** Makes the metrics; once per process and registry, for all its projections. */
export function createProjectionMetrics(metrics: Metrics): ProjectionMetrics {
  const labels = ['projection'] as const
  const applied = metrics.counter({
    name: 'projection_events_total',
    help: 'Events that this instance applied.',
    labels,
  })
  const failed = metrics.counter({
    name: 'projection_failures_total',
    help: 'Rounds that failed; each is tried again.',
    labels,
  })
  const parked = metrics.gauge({
    name: 'projection_parked_streams',
    help: 'Streams that are left out since one of their events cannot be applied; see the dead letters.',
    labels,
  })
  const position = metrics.gauge({
    name: 'projection_position',
    help: 'Applied up to this position of the journal.',
    labels,
  })
  const lag = metrics.gauge({
    name: 'projection_lag_positions',
    help: 'Positions between the read model and the head of the journal.',
    labels,
  })
  return {
    applied: (projection, events) => applied.inc({ projection }, events),
    failed: (projection) => failed.inc({ projection }),
    parked: (projection, streams) => parked.set({ projection }, streams),
    stands(projection, at, behind) {
      position.set({ projection }, at)
      if (behind !== undefined) lag.set({ projection }, behind)
    },
  }
}

/** Whether the read model is fit to be read: it gets on, and is not further behind than `lagMax` positions. */
export function readinessOf<DB>(
  projection: Projection<DB>,
  lagMax: number,
): CheckResult & { detail?: string } {
  const { failure, lag, position, parkedStreams } = projection
  if (failure?.position !== undefined)
    return { ok: false, reason: `stuck at position ${failure.position}: ${failure.detail}` }
  if (failure !== undefined)
    return { ok: false, reason: `cannot get on from position ${position}: ${failure.detail}` }
  if (lag === undefined) return { ok: false, reason: 'has not looked at the journal yet' }
  if (lag > lagMax) return { ok: false, reason: `${lag} positions behind the journal; it is catching up` }
  if (parkedStreams === 0) return { ok: true }
  // Every other stream is as fresh as can be, and reads of these say so themselves.
  return { ok: true, detail: `streams left out: ${parkedStreams}; see the dead letters` }
}
