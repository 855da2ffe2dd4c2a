import type { Bus } from '@daybook/bus'
import type { Clock, Database } from '@daybook/database'
import {
  type Appender,
  answerCommands,
  type CommandDoor,
  commandRoutes,
  forgetAfterRestore,
  type PayloadArchive,
  type Projection,
  type RememberedStates,
  timed,
} from '@daybook/eventing'
import type { CronJob } from '@daybook/events'
import { type HttpPlugin, type Logger, type Metrics, startRounds } from '@daybook/runtime'
import { aboutJobs } from './commands/about-jobs.ts'
import { aboutRuns } from './commands/about-runs.ts'
import { backfiller } from './commands/backfill.ts'
import { findRuns } from './commands/find-runs.ts'
import { type CronCommands, cronCommands } from './commands.ts'
import { claimDoor } from './doors/claim-door.ts'
import { backfillDoor, jobDoors } from './doors/job-doors.ts'
import { runDoors } from './doors/run-doors.ts'
import { type CronMetrics, observeCommands } from './observe.ts'
import type { ScheduleReader } from './schedule/reader.ts'
import { startOfferRounds } from './work/offer-rounds.ts'
import { openOffers } from './work/offers.ts'
import { runClaims } from './work/run-claims.ts'
import { knowRuns, openRunFinder, type RunFinder } from './work/run-finder.ts'

export interface OpenCommandsParts<DB> {
  readonly database: Database<DB>
  readonly bus: Bus
  readonly logger: Logger
  readonly metrics: Metrics
  readonly append: Appender
  readonly archive: PayloadArchive
  readonly projection: Projection<DB>
  readonly clock: Clock
  readonly schedules: ScheduleReader
  /** See `rememberJobs`; shared with whatever else decides about jobs. */
  readonly remembered: RememberedStates<CronJob | undefined>
  readonly offerEveryMs?: number | undefined
  readonly sweepMs?: number | undefined
}

/** What can be done with jobs and their runs, over HTTP and NATS, and for the service itself. */
export interface OpenedCommands extends AsyncDisposable {
  readonly plugins: readonly HttpPlugin[]
  readonly commands: CronCommands
}

/** Long enough not to be a second delivery beside the claim that is on its way. */
const OFFER_EVERY_MS = 30_000
/** So soon what is remembered of a journal is forgotten that was restored. */
const SWEEP_MS = 5_000

/** Reads top-down as start order. */
export function openCommands<DB>(parts: OpenCommandsParts<DB>): OpenedCommands {
  const stack = new AsyncDisposableStack()
  const metrics = observeCommands(parts.metrics)
  const commands = cronCommands({ ...parts, slotsOf: parts.schedules.slotsOf })
  const { finder, ownPosition } = stack.use(openWork({ ...parts, metrics, commands }))
  const common = { ...parts, metrics, commands, finder, ownPosition, runs: findRuns(parts) }
  const doors: CommandDoor[] = [
    ...jobDoors(aboutJobs(common)),
    backfillDoor(backfiller(common)),
    ...runDoors(aboutRuns(common)),
    claimDoor(runClaims(common)),
  ].map((one) => timed(one, metrics))
  stack.use(answerCommands(parts.bus, 'cron', doors))
  return {
    plugins: [commandRoutes('cron', doors)],
    commands,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

interface Work extends AsyncDisposable {
  readonly finder: RunFinder
  readonly ownPosition: () => number
}

/** Follows what becomes claimable: who waits here gets it at once, and others are told. */
function openWork<DB>(
  parts: Omit<OpenCommandsParts<DB>, 'metrics'> & { metrics: CronMetrics; commands: CronCommands },
): Work {
  const stack = new AsyncDisposableStack()
  const { database, logger, projection, commands, remembered } = parts
  const { offerEveryMs = OFFER_EVERY_MS, sweepMs = SWEEP_MS } = parts
  const finder = stack.use(openRunFinder(parts))
  const wake = (): void => finder.wake()
  const offers = stack.use(openOffers({ ...parts, onOffer: wake }))
  let position = 0
  stack.defer(
    commands.onChanged((changed) => {
      position = Math.max(position, changed.position)
      for (const run of knowRuns(finder, changed)) offers.offer(run, offerEveryMs)
    }),
  )
  stack.defer(projection.onAdvance(wake))
  const onFailure = (error: unknown): void =>
    logger.warn({ err: error }, 'it cannot be asked whether the journal was restored; the next round does')
  const forget = forgetAfterRestore(database, () => remembered.forgetAll())
  stack.use(startRounds({ everyMs: sweepMs, round: forget, onFailure }))
  stack.use(startOfferRounds({ ...parts, offers, offerEveryMs }))
  return { finder, ownPosition: () => position, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
