import type { ReadJob } from '@daybook/client'
import { actionText, type CronRun, durationText, scheduleText } from '@daybook/events'
import { ageText } from '../inbound/message-columns.ts'
import type { Column } from '../table.ts'
import { localText, ownTimeZone } from './local-text.ts'

/** The time zone that a person thinks of the job in. */
export function timeZoneOf({ definition }: Pick<ReadJob, 'definition'>): string {
  const { schedule } = definition ?? {}
  return schedule !== undefined && 'cron' in schedule ? schedule.timezone : ownTimeZone()
}

/** `set-aside: unknown-timezone`; of other states the word alone. */
export function jobStateText({ state, problem }: Pick<ReadJob, 'state' | 'problem'>): string {
  return state === 'set-aside' && problem !== undefined ? `${state}: ${problem.code}` : state
}

/** The columns of a list of jobs, looked at at an instant. */
export function jobColumns(now: string): readonly Column<ReadJob>[] {
  return [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'STATE', value: jobStateText },
    {
      title: 'NEXT (LOCAL)',
      value: (job) => (job.nextAt ? localText(job.nextAt, timeZoneOf(job)) : ''),
    },
    { title: 'NEXT (UTC)', value: ({ nextAt }) => nextAt ?? '' },
    { title: 'LAST', value: ({ lastRun }) => lastText(lastRun, now) },
    { title: 'OPEN', value: ({ open }) => openText(open) },
    {
      title: 'SCHEDULE',
      value: ({ definition }) => (definition ? scheduleText(definition.schedule) : '(erased)'),
    },
    { title: 'ACTION', value: ({ definition }) => (definition ? actionText(definition.action) : '(erased)') },
  ]
}

function lastText(lastRun: ReadJob['lastRun'], now: string): string {
  return lastRun === undefined ? '' : `${lastRun.state} ${ageText(lastRun.endedAt, now)} ago`
}

/** `1 active, 2 held` */
function openText(open: readonly CronRun[]): string {
  const byState = Map.groupBy(open, ({ state }) => state)
  return [...byState].map(([state, runs]) => `${runs.length} ${state}`).join(', ')
}

/** The columns of a job's history; `timeZone` is that of its schedule. */
export function runColumns(timeZone: string): readonly Column<CronRun>[] {
  return [
    { title: 'TIME (LOCAL)', value: (run) => localText(timeOf(run), timeZone) },
    { title: 'TIME (UTC)', value: timeOf },
    { title: 'STATE', value: runStateText },
    { title: 'CAUSE', value: ({ cause }) => cause },
    { title: 'TRIES', align: 'right', value: ({ attempt }) => attempt },
    { title: 'LATE', align: 'right', value: lateText },
    { title: 'TOOK', align: 'right', value: ({ startedAt, endedAt }) => elapsedText(startedAt, endedAt) },
    { title: 'WHY', value: whyText },
    { title: 'RUN', value: ({ run }) => run },
  ]
}

/** Of the schedule; of a run that somebody wanted now, when that was. */
function timeOf({ slot, decidedAt }: CronRun): string {
  return slot ?? decidedAt
}

/** `missed ×3`; of other states the word alone, and what else happens to it. */
export function runStateText({ state, count, cancel, endedAt }: CronRun): string {
  if (count !== undefined && count > 1) return `${state} ×${count}`
  return cancel !== undefined && endedAt === undefined ? `${state}, to end` : state
}

/** Of the first attempt only: a later one is late by what went before. */
function lateText({ slot, startedAt, attempt }: CronRun): string {
  return attempt === 1 ? elapsedText(slot, startedAt) : ''
}

function elapsedText(from: string | undefined, to: string | undefined): string {
  return from === undefined || to === undefined ? '' : durationText(Date.parse(to) - Date.parse(from))
}

/** Why it is what it is, in a word or two. */
export function whyText({ reason, error, failures, lease, nextAt }: CronRun): string {
  const failed = error ?? failures.at(-1)?.error
  if (nextAt !== undefined) return `${failed?.class ?? 'failed'}, again at ${nextAt}`
  return failed?.class ?? reason ?? lease?.worker ?? ''
}
