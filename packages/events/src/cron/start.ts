import type { JsonObject, JsonValue } from '@daybook/errors'
import type { AttemptFailure } from '../inbound/command.ts'
import { later } from '../inbound/lease.ts'
import { retryAfterMsOf } from '../inbound/retry.ts'
import type { Deciding } from './deciding.ts'
import type { CronAction } from './definition.ts'
import type { CronRun } from './job.ts'
import { slotKey, targetOf } from './names.ts'

/** A run that has not been heard of before. */
export type NewRun = Pick<CronRun, 'run' | 'slot' | 'cause'>

const DAY_MS = 24 * 60 * 60 * 1000

/** The header key of the first word on a run, so that there is no second one, whoever decides with whatever knowledge. */
export function firstKeyOf({ run, slot, cause }: NewRun): string {
  return cause === 'slot' && slot !== undefined ? slotKey(slot) : `run:${run}`
}

/** What an event says of a run that it introduces. */
export function named({ run, slot, cause }: NewRun): { run: string; slot?: string; cause: CronRun['cause'] } {
  return { run, ...(slot !== undefined && { slot }), cause }
}

/** Begins an attempt: what the action appends is appended with it, or not at all. */
export function start(deciding: Deciding, run: NewRun): void {
  const { job, now: at } = deciding
  if (job.definition === undefined) return
  const { action, timeoutMs } = job.definition
  const known = deciding.run(run.run)
  const attempt = (known?.attempt ?? 0) + 1
  const deadline = known?.deadline ?? (timeoutMs === undefined ? undefined : later(at, timeoutMs))
  const target = action.do === 'run' ? targetOf(job.name, run.run, attempt) : undefined
  deciding.add({
    type: 'CRON_RUN_STARTED',
    data: {
      at,
      ...named(run),
      attempt,
      ...(deadline !== undefined && { deadline }),
      ...(target !== undefined && { target }),
    },
    key: known === undefined ? firstKeyOf(run) : `start:${run.run}:${attempt}`,
  })
  act(deciding, action, { run, target })
}

function act(
  deciding: Deciding,
  action: CronAction,
  { run, target }: { run: NewRun; target: string | undefined },
): void {
  const { job, now } = deciding
  const time = run.slot ?? now
  const correlationId = `cron:${job.name}:${run.run}`
  if (action.do === 'append') {
    const { stream, type, v, slotAs } = action
    const data: JsonObject = withSlot(action.data, slotAs, time)
    deciding.addElsewhere({
      append: { stream, type, ...(v !== undefined && { v }), data, key: correlationId, correlationId },
    })
    deciding.add({ type: 'CRON_RUN_FINISHED', data: { at: now, run: run.run, status: 'succeeded' } })
  }
  if (action.do === 'run' && target !== undefined) {
    const { processId, entrypoint, prompt, inputs, slotAs } = action
    const given = slotAs === undefined ? inputs : withSlot(isObject(inputs) ? inputs : {}, slotAs, time)
    const data = {
      runId: target.slice('run/'.length),
      processId,
      entrypoint,
      ...(prompt !== undefined && { prompt }),
      ...(given !== undefined && { inputs: given }),
    }
    deciding.addElsewhere({ type: 'RUN_CREATED', data, stream: target, key: correlationId, correlationId })
  }
}

function withSlot(data: JsonObject, slotAs: string | undefined, time: string): JsonObject {
  return slotAs === undefined ? data : { ...data, [slotAs]: time }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Another attempt after a while, or the end: when there were enough, when trying again cannot help, or nobody wants it. */
export function failAttempt(
  deciding: Deciding,
  run: CronRun,
  { error, token }: { error: AttemptFailure; token?: number | undefined },
): void {
  const { job, now: at, circumstances } = deciding
  const data = { at, run: run.run, ...(token !== undefined && { token }), error }
  if (run.cancel !== undefined)
    return deciding.add({ type: 'CRON_RUN_FINISHED', data: { ...data, status: 'cancelled' } })
  const { maxAttempts = 1, backoffMs = 0 } = job.definition?.retry ?? {}
  const limits = { retryBaseMs: backoffMs, retryMaxMs: DAY_MS }
  const nextAt = later(at, retryAfterMsOf(limits, run.attempt, { chance: circumstances.chance, error }))
  const isInTime = run.deadline === undefined || nextAt < run.deadline
  const mayRetry = error.retryable && run.attempt < maxAttempts && job.phase !== 'deleted' && isInTime
  if (!mayRetry) return deciding.add({ type: 'CRON_RUN_FINISHED', data: { ...data, status: 'failed' } })
  deciding.add({ type: 'CRON_RUN_RETRIED', data: { ...data, attempt: run.attempt, nextAt } })
}

/** The run that it started is asked to stop as well. */
export function cancelTarget(deciding: Deciding, { target }: CronRun, reason: string): void {
  if (target === undefined) return
  deciding.addElsewhere({ type: 'RUN_CANCEL_REQUESTED', data: { reason }, stream: target })
}

/** Whether nobody works on it: it waits for its next attempt, or for a worker. */
export function isIdle(deciding: Deciding, { state, lease }: CronRun): boolean {
  if (state !== 'active') return true
  return (
    deciding.job.definition?.action.do === 'deliver' && (lease === undefined || lease.until <= deciding.now)
  )
}
