import { type JournalEvent, streamOfJob } from '@daybook/events'
import { runSql, waitFor } from '@daybook/testing'
import { decisionFaults, textOf } from './cron-decisions.ts'
import { notOnce, startsIn } from './cron-effects.ts'
import { TICKED } from './cron-jobs.ts'
import { slotsBetween } from './cron-slots.ts'
import type { CronWorld } from './cron-world.ts'
import { readAll } from './exact.ts'
import type { Mutant } from './turned-clock.ts'

const MINUTE_MS = 60_000
const JOBS = 4
const TIMES = 4

/** What is wrong afterwards with the times that the services have decided, and with what came of them. */
export interface RaceFaults {
  readonly decisions: readonly string[]
  readonly ticks: readonly string[]
}

/**
 * Has all services decide the same times at the same moment, with nothing that keeps them apart: what one picks is forgotten at
 * once, the clock stands still, and each keeps what it decided to itself until every other one has decided as well.
 */
export async function race(
  { deployment, clock, daybook, ask, jobs }: CronWorld,
  mutant: Mutant,
): Promise<RaceFaults> {
  await forgetPicks(deployment.databaseUrl)
  await clock.freeze()
  const names = Array.from({ length: JOBS }, (_, index) => `race-${mutant}-${index}`)
  await Promise.all(names.map((name) => ask('POST', 'jobs', { name, ...definitionOf(name) })))
  await clock.mutate(mutant)
  for (let times = 0; times < TIMES; times += 1) {
    await clock.turn(MINUTE_MS)
    const now = await clock.now()
    const isDecided = async () =>
      (await jobs()).filter(({ name, nextAt }) => names.includes(name) && nextAt > now).length === JOBS
    await waitFor(isDecided, { timeoutMs: 30_000, what: `the times up to ${now}` })
  }
  await clock.mutate(undefined)
  return faultsOf(names, await readAll(daybook), await clock.now())
}

const EVERY_MINUTE = { everyMs: MINUTE_MS }

function definitionOf(name: string): object {
  return {
    schedule: EVERY_MINUTE,
    action: {
      do: 'append',
      stream: `${TICKED.kind}/${name}`,
      type: TICKED.type,
      v: 1,
      data: {},
      slotAs: 'slot',
    },
  }
}

async function forgetPicks(databaseUrl: string): Promise<void> {
  await runSql(
    databaseUrl,
    `create or replace function story.forget() returns trigger language plpgsql as
       'begin delete from cron.picks where tenant = new.tenant and job = new.job; return null; end';
     create or replace trigger forget after insert or update on cron.picks for each row execute function story.forget()`,
  )
}

function faultsOf(names: readonly string[], events: readonly JournalEvent[], upTo: string): RaceFaults {
  const byStream = Map.groupBy(events, ({ stream }) => stream)
  const perJob = names.map((name) => {
    const own = byStream.get(streamOfJob(name)) ?? []
    const ticks = byStream.get(`${TICKED.kind}/${name}`) ?? []
    return {
      decisions: decisionFaults(slotsBetween(EVERY_MINUTE, textOf(own[0]?.data['at']), upTo), own),
      ticks: notOnce(
        [...new Set(startsIn(own).map(({ slot }) => slot))],
        ticks.map(({ data }) => textOf(data['slot'])),
      ),
    }
  })
  return {
    decisions: perJob.flatMap(({ decisions }) => decisions),
    ticks: perJob.flatMap(({ ticks }) => ticks),
  }
}
