import type { ReadJob } from '@daybook/client'
import { actionText, type CronRun, durationText, type JobDefinition, scheduleText } from '@daybook/events'
import { ageText } from '../inbound/message-columns.ts'
import { printable } from '../printable.ts'
import { jobStateText, runStateText, timeZoneOf, whyText } from './job-text.ts'
import { localText } from './local-text.ts'

/** All that is known of a job, for a person; `now` is when it is looked at. Everything in it is printable. */
export function jobLines(job: ReadJob, now: string): string[] {
  const { definition, open } = job
  return [
    ...lines(factsOf(job, now)),
    ...(definition === undefined ? ['', 'Its definition was erased.'] : definitionLines(definition)),
    ...(open.length === 0 ? [] : ['', `Runs that have not ended (${open.length})`, ...open.map(openLine)]),
  ]
}

type Fact = readonly [name: string, value: string | undefined]

function lines(facts: readonly Fact[]): string[] {
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(13)}  ${printable(value)}`],
  )
}

function factsOf(job: ReadJob, now: string): Fact[] {
  const { nextAt, nextDueAt, problem, pause, lastRun, parked } = job
  return [
    ['name', job.name],
    ['state', jobStateText(job)],
    ['what for', job.definition?.description],
    ['next', nextAt ? `${localText(nextAt, timeZoneOf(job))} (${nextAt})` : undefined],
    ['due', nextDueAt && nextDueAt !== nextAt ? nextDueAt : undefined],
    ['problem', problem && `${problem.at}: ${problem.code}: ${problem.message}`],
    ['paused', pause && [pause.at, pause.reason].filter((part) => part !== undefined).join(': ')],
    ['last run', lastRun && `${lastRun.run}, ${lastRun.state} ${ageText(lastRun.endedAt, now)} ago`],
    ['so far', countsText(job.counts)],
    ['revision', String(job.revision)],
    ['created', job.createdAt],
    [
      'parked',
      parked &&
        `it is left out from event ${parked.seq} on: daybook dead-letters:show ${parked.deadLetterId}`,
    ],
  ]
}

/** `412 started, 409 succeeded, 3 failed`: those of which there are any. */
function countsText(counts: ReadJob['counts']): string {
  const words = { ...counts, 'timed out': counts.timedOut, timedOut: 0 }
  const said = Object.entries(words).filter(([, count]) => count > 0)
  return said.map(([word, count]) => `${count.toLocaleString('en-US')} ${word}`).join(', ') || 'nothing'
}

function definitionLines(definition: JobDefinition): string[] {
  const { schedule, action, retry, timeoutMs, jitterMs } = definition
  const details = Object.entries(action).filter(([name]) => !SAID.has(name))
  return [
    '',
    'Definition',
    ...lines([
      ['schedule', scheduleText(schedule)],
      [
        'clock changes',
        'cron' in schedule ? `${schedule.dst}, day and weekday: ${schedule.domDow}` : undefined,
      ],
      ['action', actionText(action)],
      ...details.map(([name, value]): Fact => [`  ${name}`, JSON.stringify(value)]),
      ['concurrency', definition.concurrency],
      ['misfire', misfireText(definition)],
      ['jitter', jitterMs === 0 ? undefined : `up to ${durationText(jitterMs)}`],
      ['from', definition.startAt],
      ['until', definition.endAt],
      ['at most', definition.maxRuns === undefined ? undefined : `${definition.maxRuns} runs`],
      [
        'attempts',
        retry.maxAttempts === 1
          ? '1'
          : `${retry.maxAttempts}, the second after ${durationText(retry.backoffMs)}`,
      ],
      ['timeout', timeoutMs === undefined ? undefined : durationText(timeoutMs)],
      ['to end', `within ${durationText(definition.cancelTimeoutMs)} of being asked to`],
      ['kept', `${definition.keepRuns} ended runs, for ${definition.keepDays} days`],
    ]),
  ]
}

/** Of an action, what its text says already. */
const SAID: ReadonlySet<string> = new Set(['do', 'processId', 'type', 'subject', 'stream'])

function misfireText({ misfire, misfireGraceMs, catchUpLimit }: JobDefinition): string {
  const isLimited = misfire === 'catch-up' || misfire === 'review'
  const limit = isLimited ? `, at most ${catchUpLimit}` : ''
  return `${misfire}${limit}; on time within ${durationText(misfireGraceMs)}`
}

function openLine(run: CronRun): string {
  const { attempt, lease, deadline, target } = run
  const facts = [
    run.cause,
    ...(attempt === 0 ? [] : [`attempt ${attempt}`]),
    whyText(run),
    lease && `until ${lease.until}`,
    deadline && `deadline ${deadline}`,
    target,
  ].filter((part) => part !== undefined && part !== '')
  return `  ${run.run}  ${runStateText(run)}  ${printable(facts.join(', '))}`
}
