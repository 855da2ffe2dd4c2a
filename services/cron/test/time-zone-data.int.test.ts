import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { type ScheduleReader, scheduleReader } from '../src/schedule/reader.ts'
import { about, at, defined } from './job-entries.ts'
import { createMigratedJournal, type JobsFixture, openReadModel } from './jobs-fixture.ts'

const HOUR_MS = 60 * 60 * 1000

/** As if a country had been an hour behind, by the data of that time. */
function anHourLater(schedules: ScheduleReader): ScheduleReader {
  return {
    ...schedules,
    slotsOf(schedule) {
      const slots = schedules.slotsOf(schedule)
      return {
        after(instant) {
          const slot = slots.after(new Date(Date.parse(instant) - HOUR_MS).toISOString())
          return slot === undefined ? undefined : new Date(Date.parse(slot) + HOUR_MS).toISOString()
        },
      }
    },
  }
}

async function timesOf({ journal }: Pick<JobsFixture, 'journal'>): Promise<unknown[]> {
  const { rows } = await sql<{ job: string; tzdata: string; due_at: Date | null; next_at: Date | null }>`
    select job, tzdata, due_at, next_at from cron.jobs order by job`.execute(journal.database.kysely)
  return rows.map((row) => [row.job, row.tzdata, row.due_at?.toISOString(), row.next_at?.toISOString()])
}

it('finds the times of all jobs anew when an instance with other time zone data starts', async () => {
  await using journal = await createMigratedJournal()
  const before = { journal, tzdata: '2026b', schedules: anHourLater(scheduleReader()) }
  {
    await using old = await openReadModel(before)
    await old.append(
      defined({ job: 'a' }),
      defined({ job: 'b' }),
      about({ job: 'b' }, 'CRON_JOB_PAUSED', { at: at('01:00') }),
    )
    expect(await timesOf(old)).toEqual([
      ['a', '2026b', at('04:00'), at('04:00')],
      ['b', '2026b', undefined, undefined],
    ])
  }
  const isOf = async (tzdata: string) =>
    (await timesOf({ journal })).every((times) => Array.isArray(times) && times[1] === tzdata)
  {
    await using _newer = await openReadModel({ journal })
    await waitFor(() => isOf('2026c'), { what: 'the times to be found anew' })
    expect(await timesOf({ journal })).toEqual([
      ['a', '2026c', at('03:00'), at('03:00')],
      ['b', '2026c', undefined, undefined],
    ])
  }
  await using _older = await openReadModel(before)
  await waitFor(() => isOf('2026b'), { what: 'an older one that starts later to do the same' })
})

it('goes on with the newer data while instances with different data run beside each other', async () => {
  await using fixture = await openReadModel({ clearEveryMs: 10 })
  await fixture.append(defined({ job: 'of-newer' }), defined({ job: 'of-older' }))
  const written = sql`
    update cron_cron_g1.jobs set due_at = ${at('09:00')},
      tzdata = case job when 'of-older' then '2025b' else '2027a' end`
  await written.execute(fixture.journal.database.kysely)
  await waitFor(async () => (await timesOf(fixture)).some((times) => String(times).includes('2026c')), {
    what: 'the older one',
  })
  expect(await timesOf(fixture)).toEqual([
    ['of-newer', '2027a', at('09:00'), at('03:00')],
    ['of-older', '2026c', at('03:00'), at('03:00')],
  ])
})
