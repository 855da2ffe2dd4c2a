/** What is measured: how many jobs there are, how many of them are due together, and how often. */
export interface CronPlan {
  /** Jobs that exist when the first second comes, those that are due then included. */
  jobs: number
  /** Jobs that are due in the same second. */
  due: number
  /** Such seconds of each measurement. */
  seconds: number
  spread: Spread
  /** Instances of the cron service that share one journal in the last measurement. */
  instances: number
  peers: PeersPlan
}

/** Jobs whose times are spread over the seconds. */
interface Spread {
  jobs: number
  perSecond: number
  /** How long that is measured. */
  seconds: number
}

/** The peers know minutes, no seconds. */
export interface PeersPlan {
  /** Schedules that are due at the same minute; there are no others. */
  schedules: number
  minutes: number
  /** Instances of pg-boss, beside one: each forwards fifty schedules a second. */
  bossInstances: readonly number[]
}

/** A 99th percentile of five seconds with a thousand starts each rests on fifty late ones. */
const FULL: CronPlan = {
  jobs: 10_000,
  due: 1_000,
  seconds: 5,
  spread: { jobs: 10_000, perSecond: 100, seconds: 60 },
  instances: 3,
  peers: { schedules: 1_000, minutes: 3, bossInstances: [1, 3] },
}

const QUICK: CronPlan = {
  jobs: 3_000,
  due: 1_000,
  seconds: 2,
  spread: { jobs: 4_000, perSecond: 100, seconds: 15 },
  instances: 3,
  peers: { schedules: 1_000, minutes: 1, bossInstances: [1] },
}

export function cronPlanOf({ quick }: { quick: boolean }): CronPlan {
  return quick ? QUICK : FULL
}
