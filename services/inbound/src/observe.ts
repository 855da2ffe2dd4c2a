import type { Metrics } from '@daybook/runtime'

/** What the service counts of its own doing. What there is to do is told by the read model. */
export interface InboundMetrics {
  received(source: string, outcome: string): void
  /** `messages` or `replies` that were given to a worker. */
  claimed(work: string, count: number): void
  /** How long a command took, and its code where it was refused. */
  executed(command: string, seconds: number, outcome: string): void
  offered(work: string): void
  /** What a round of the sweeper settled. */
  swept(settled: number): void
}

export function observeInbound(metrics: Metrics): InboundMetrics {
  const received = metrics.counter({
    name: 'inbound_received_total',
    help: 'Deliveries of messages, by what became of them.',
    labels: ['source', 'outcome'],
  })
  const claimed = metrics.counter({
    name: 'inbound_claims_total',
    help: 'Messages and replies that were given to a worker.',
    labels: ['work'],
  })
  const leaseLost = metrics.counter({
    name: 'inbound_lease_lost_total',
    help: 'Commands that were refused since their lease did not hold any more.',
    labels: ['command'],
  })
  const duration = metrics.histogram({
    name: 'inbound_command_duration_seconds',
    help: 'From a command to its answer; of claims without the time in which nothing was due.',
    labels: ['command', 'outcome'],
  })
  const offered = metrics.counter({
    name: 'inbound_offers_total',
    help: 'Offers of work that were published.',
    labels: ['work'],
  })
  const sweeps = metrics.counter({ name: 'inbound_sweeps_total', help: 'Rounds of the sweeper.' })
  const settled = metrics.counter({
    name: 'inbound_swept_total',
    help: 'Conversations in which the sweeper settled what had run out of time.',
  })
  return {
    received: (source, outcome) => received.inc({ source, outcome }),
    claimed: (work, count) => claimed.inc({ work }, count),
    executed(command, seconds, outcome) {
      duration.observe({ command, outcome }, seconds)
      if (outcome === 'lease-lost') leaseLost.inc({ command })
    },
    offered: (work) => offered.inc({ work }),
    swept(count) {
      sweeps.inc()
      settled.inc(count)
    },
  }
}
