import { DaybookError } from '@daybook/errors'
import { type DaybookAddresses, everythingHasCaughtUp } from '../append/daybook.ts'
import { quiesce } from '../quiesce.ts'
import { CronDoor } from './door.ts'
import { Heard } from './heard.ts'
import { type BenchJob, EVERY_SECONDS, startsOf } from './jobs.ts'
import { latenessOf, tallyOf } from './lateness.ts'
import type { Measurement } from './measurement.ts'
import type { CronResult, StepLateness } from './result.ts'
import { readOtherEvents, readStarts, type Start } from './starts.ts'
import { AHEAD_MS, perThousand, watch } from './watch.ts'

export interface Measuring {
  addresses: DaybookAddresses
  signal: AbortSignal
  progress: (line: string) => void
  /** Jobs that were created in a second, so far. */
  pace: number
}

/** Until then everything is quiet after the jobs were created: relay, read model, vacuum, checkpoint. */
const QUIET_MS = 20_000
/** What has not been heard of after so long is not waited for; the next second comes soon. */
const GIVE_UP_MS = 8_000
/** What two runs of the same differ by on a shared machine. */
const SLOWER = 1.5

/** Creates the jobs that are not due soon. Answers how many a second. */
export async function createJobs(
  jobs: readonly BenchJob[],
  measuring: Omit<Measuring, 'pace'>,
): Promise<number> {
  const { addresses, signal, progress } = measuring
  progress(`creating ${jobs.length} jobs that are not due soon`)
  await using door = await CronDoor.open(addresses.natsUrl)
  return await door.create(jobs, signal)
}

/** One measurement, with as many instances of the service as are running. */
export async function measureDaybook(measurement: Measurement, measuring: Measuring): Promise<CronResult> {
  const { addresses, signal, progress, pace } = measuring
  const firstMs = nextStart(Date.now() + (SLOWER * measurement.jobs * 1_000) / pace + QUIET_MS)
  const { jobs, stretches } = measurement.prepare(firstMs)
  progress(
    `${measurement.name}: creating ${jobs.length} jobs, first due at ${new Date(firstMs).toISOString()}`,
  )
  await using door = await CronDoor.open(addresses.natsUrl)
  await door.create(jobs, signal)
  await everythingHasCaughtUp(addresses, '/v1/cron/jobs', signal)
  await quiesce(addresses.databaseUrl, signal)
  if (Date.now() > firstMs - AHEAD_MS)
    throw new DaybookError(
      'timeout',
      'Creating the jobs took longer than until they were due. Run it on a quieter machine.',
    )
  const heard = new Heard()
  const expected = startsOf(jobs)
  const { action, name } = measurement
  const failed = new AbortController()
  const watched = { expected, heard, giveUpMs: GIVE_UP_MS, signal: AbortSignal.any([signal, failed.signal]) }
  await using _hearing =
    action === 'publish' ? door.listen(name, heard) : door.work(heard, (error) => failed.abort(error))
  const cpu = await watch(stretches, watched)
  await everythingHasCaughtUp(addresses, '/v1/cron/jobs', signal)
  const starts = await readStarts(addresses.databaseUrl, name)
  return {
    system: 'daybook',
    measurement: name,
    tally: tallyOf(
      expected,
      starts.map(({ key }) => key),
    ),
    others: await readOtherEvents(addresses.databaseUrl, name),
    heardAgain: heard.again,
    steps: stepsOf(starts, heard),
    cpu: perThousand(cpu, expected.size),
  }
}

/** The expressions of several seconds begin there. */
function nextStart(earliestMs: number): number {
  const everyMs = EVERY_SECONDS * 1_000
  return Math.ceil(earliestMs / everyMs) * everyMs
}

function stepsOf(starts: readonly Start[], heard: Heard): StepLateness[] {
  const late = (atMs: (start: Start) => number | null | undefined): number[] =>
    starts.flatMap((start) => {
      const at = atMs(start)
      return typeof at === 'number' ? [at - start.slotMs] : []
    })
  const committed = latenessOf(late(({ committedMs }) => committedMs))
  return [
    { step: 'decided', ...latenessOf(late(({ decidedMs }) => decidedMs)) },
    { step: 'recorded', ...latenessOf(late(({ recordedMs }) => recordedMs)) },
    ...(committed.count === 0 ? [] : [{ step: 'committed' as const, ...committed }]),
    { step: 'heard', ...latenessOf(late(({ key }) => heard.at(key))) },
  ]
}
