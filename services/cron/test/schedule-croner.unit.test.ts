import { Cron } from 'croner'
import { expect, it } from 'vitest'
import { scheduleReader } from '../src/schedule/reader.ts'
import { expressions, zones } from './schedule-expressions.ts'
import { changesIn } from './wall-clock-oracle.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const SLOTS = 6

const { slotsOf } = scheduleReader()
const changes = zones.flatMap((timezone) => changesIn(timezone, 2026).map((change) => ({ timezone, change })))
/** Of dialects that croner does not read. */
const unread: ReadonlySet<string> = new Set([
  '0 22-2 * * *',
  '30 22-2/2 * * *',
  '50-10/5 2 * * *',
  '30 2 * * FRI-MON',
])

/** In which zones croner's own way with time zones leads to other slots than ours, in the day before a change and after it. */
function differing(cron: string, fixedTimeRule: 'single-value' | 'no-wildcard'): string {
  const found = changes.filter(({ timezone, change }) => {
    const from = new Date(change - DAY_MS)
    const theirs = new Cron(cron, { timezone, fixedTimeRule, sloppyRanges: true }).nextRuns(SLOTS, from)
    const slots = slotsOf({ cron, timezone, dst: 'vixie', domDow: 'or' })
    let at: string | undefined = from.toISOString()
    return theirs.some((run) => (at = slots.after(at ?? '')) !== run.toISOString())
  })
  return [...new Set(found.map(({ timezone }) => timezone.split('/').at(-1)))].join(' ')
}

/**
 * Why croner is asked for days only. In Nuuk the missing hour is the last one of a Saturday, and croner leaves that day out. And
 * cron(8) speaks of stars: what croner takes for a fixed time has no steps, and unless told no lists and ranges either.
 */
const lateInNuuk = { '0 23 * * *': 'Nuuk', '30 23 * * *': 'Nuuk', '59 23 * * *': 'Nuuk' }
const steps = { '0-30/10 1 * * *': 'New_York Lord_Howe', '10/20 2 * * *': 'New_York Berlin Sydney' }
const listsAndRanges = {
  '0,30 0 * * *': 'Santiago Havana Cairo',
  '0,30 1 * * *': 'New_York Lord_Howe',
  '0,30 2 * * *': 'New_York Berlin Sydney',
  '5,15,25 2 * * *': 'New_York Berlin Sydney Lord_Howe',
  '0 1,2,3 * * *': 'New_York Berlin Sydney Lord_Howe',
  '30 0-3 * * *': 'New_York Berlin Sydney Lord_Howe Santiago Havana Cairo',
}

it.each([
  { fixedTimeRule: 'single-value', known: { ...lateInNuuk, ...steps, ...listsAndRanges } },
  { fixedTimeRule: 'no-wildcard', known: { ...lateInNuuk, ...steps } },
] as const)(
  "agrees with croner's own way with time zones ($fixedTimeRule), but for what is known",
  ({ fixedTimeRule, known }) => {
    const read = expressions.filter((cron) => !unread.has(cron))
    const found = read
      .map((cron) => [cron, differing(cron, fixedTimeRule)] as const)
      .filter(([, where]) => where !== '')
    expect(Object.fromEntries(found)).toEqual(known)
  },
)
