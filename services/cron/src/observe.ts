import type { Metrics } from '@daybook/runtime'

/** What the service counts of what it is told to do. */
export interface CronMetrics {
  /** Runs that were given to a worker. */
  claimed(count: number): void
  /** How long a command took, and its code where it was refused. */
  executed(command: string, seconds: number, outcome: string): void
  offered(): void
}

export function observeCommands(metrics: Metrics): CronMetrics {
  const claimed = metrics.counter({ name: 'cron_claims_total', help: 'Runs that were given to a worker.' })
  const leaseLost = metrics.counter({
    name: 'cron_lease_lost_total',
    help: 'Commands that were refused since their lease did not hold any more.',
    labels: ['command'],
  })
  const duration = metrics.histogram({
    name: 'cron_command_duration_seconds',
    help: 'From a command to its answer; of claims without the time in which there was nothing to do.',
    labels: ['command', 'outcome'],
  })
  const offered = metrics.counter({ name: 'cron_offers_total', help: 'Offers of runs that were published.' })
  return {
    claimed: (count) => claimed.inc({}, count),
    executed(command, seconds, outcome) {
      duration.observe({ command, outcome }, seconds)
      if (outcome === 'lease-lost') leaseLost.inc({ command })
    },
    offered: () => offered.inc(),
  }
}
