import type { JsonObject } from '@daybook/errors'
import { jobOfStream } from '../cron/names.ts'
import { actionText, scheduleText } from '../cron/words.ts'
import { objectOf } from '../run/read.ts'
import type { Teller, Told } from './told.ts'
import { cut, failureTail, said, tail } from './words.ts'

/** What the events of jobs say, about the job itself and about its runs. */
export const cronSentences: readonly (readonly [type: string, tell: Teller])[] = [
  ['CRON_JOB_DEFINED', (data, told) => `${job(told)} is defined${defined(data)}`],
  ['CRON_JOB_UPDATED', (data, told) => `${job(told)} is defined anew${defined(data)}`],
  ['CRON_JOB_PAUSED', (data, told) => `${job(told)} is paused${tail(said(data, 'reason'))}`],
  ['CRON_JOB_RESUMED', (data, told) => `${job(told)} goes on${tail(said(data, 'reason'))}`],
  [
    'CRON_JOB_SET_ASIDE',
    (data, told) => `${job(told)} is set aside, since nothing can be decided about it${problem(data)}`,
  ],
  ['CRON_JOB_DELETED', (data, told) => `${job(told)} is deleted${tail(said(data, 'reason'))}`],
  ['CRON_SLOTS_MISSED', tellMissed],
  ['CRON_RUN_STARTED', tellStarted],
  ['CRON_RUN_QUEUED', (data, told) => `${run(data, told)} waits${tail(said(data, 'reason'))}`],
  [
    'CRON_RUN_HELD',
    (data, told) => `the time of ${run(data, told)} was missed: a person decides whether it is made up for`,
  ],
  [
    'CRON_RUN_SKIPPED',
    (data, told) => `${run(data, told)} is skipped${tail(said(data, 'reason'))}${tail(said(data, 'note'))}`,
  ],
  [
    'CRON_RUN_REPLACED',
    (data, told) => `${run(data, told)} was asked to end, since ${said(data, 'by')} takes its place`,
  ],
  [
    'CRON_RUN_CANCEL_REQUESTED',
    (data, told) => `${run(data, told)} was asked to end${tail(said(data, 'reason'))}`,
  ],
  [
    'CRON_RUN_CLAIMED',
    (data, told) => `${said(data, 'worker')} works on ${run(data, told)}${attempt(data)}${until(data)}`,
  ],
  ['CRON_RUN_RELEASED', (data, told) => `${run(data, told)} was given back${tail(said(data, 'reason'))}`],
  ['CRON_RUN_EXTENDED', (data, told) => `the lease of ${run(data, told)} was extended${until(data)}`],
  ['CRON_RUN_RETRIED', tellRetried],
  ['CRON_RUN_FINISHED', tellFinished],
  ['CRON_RUN_TIMED_OUT', (data, told) => `${run(data, told)} did not end by its deadline`],
  ['CRON_PAYLOADS_ERASED', (data) => `payloads of this job were erased (${said(data, 'erasureId')})`],
]

/** No event names its job, whose stream it is in. */
function nameOfJob({ event }: Told): string {
  return cut(jobOfStream(event.stream) ?? event.stream)
}

function job(told: Told): string {
  return `job ${nameOfJob(told)}`
}

function run(data: JsonObject, told: Told): string {
  return `run ${said(data, 'run')} of ${job(told)}`
}

function defined(data: JsonObject): string {
  const definition = objectOf(data, 'definition')
  const parts = [
    scheduleText(objectOf(definition, 'schedule')),
    actionText(objectOf(definition, 'action')),
  ].filter((part) => part !== '')
  return tail(parts.join(', '))
}

function problem(data: JsonObject): string {
  return `${tail(said(data, 'code'))}${tail(said(data, 'message'))}`
}

function tellMissed(data: JsonObject, told: Told): string {
  const [from, to] = [said(data, 'from'), said(data, 'to')]
  const { count } = data
  const times = count === 1 ? `the time ${from}` : `${said(data, 'count')} times from ${from} to ${to}`
  return `${times} of ${job(told)} passed without a run${tail(said(data, 'reason'))}`
}

function tellStarted(data: JsonObject, told: Told): string {
  return `${run(data, told)} began${attempt(data)}${tail(said(data, 'target'))}`
}

/** The first one goes without saying. */
function attempt(data: JsonObject): string {
  const number = said(data, 'attempt')
  return number === '' || number === '1' ? '' : `, attempt ${number}`
}

function until(data: JsonObject): string {
  const instant = said(data, 'until')
  return instant === '' ? '' : `, until ${instant}`
}

function tellRetried(data: JsonObject, told: Told): string {
  const failed = `attempt ${said(data, 'attempt')} of ${run(data, told)} failed`
  return `${failed}, the next one begins at ${said(data, 'nextAt')}${failureTail(data)}`
}

function tellFinished(data: JsonObject, told: Told): string {
  const status = said(data, 'status')
  const ended = status === 'cancelled' ? 'was cancelled' : status
  return `${run(data, told)} ${ended}${failureTail(data)}${tail(said(data, 'result'))}`
}
