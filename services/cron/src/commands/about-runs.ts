import { DaybookError, type ErrorCode, type JsonValue } from '@daybook/errors'
import type { Author } from '@daybook/eventing'
import { type AttemptFailure, type CronRun, runNameOfRequest } from '@daybook/events'
import type { CronCommands, CronWish } from '../commands.ts'
import { noSuchRun } from '../reads/no-such.ts'
import { type LeaseLeft, leaseLeft } from '../work/lease-left.ts'
import type { FindRuns } from './find-runs.ts'

export interface AboutRunsParts {
  readonly commands: CronCommands
  readonly runs: FindRuns
}

/** What a person decides about a run. */
type Decision = 'approve' | 'dismiss' | 'cancel'

/** Which run. */
interface RunName {
  readonly job: string
  readonly run: string
}

interface Held extends RunName {
  readonly token: number
}

/** What the holder of a lease says that his attempt came to. */
interface End {
  readonly status: 'succeeded' | 'failed' | 'cancelled'
  readonly result?: JsonValue
  /** Of failed. */
  readonly error?: AttemptFailure
}

/** A lease that goes on, and whether its holder is asked to end what he does. */
interface ExtendedLease extends LeaseLeft {
  readonly cancelRequested: boolean
}

/** What is done with single runs. Repeated, each is answered the same. Codes of all: `not-found`, those of `decideLoop`. */
export interface AboutRuns {
  /** The same request again is the same run. */
  runNow(author: Author, told: { job: string; requestId: string }): Promise<CronRun>
  /** What a person decides. Code: `invalid-transition`, where the run has ended otherwise, or is nothing to decide about. */
  decide(author: Author, told: RunName & { name: Decision; reason?: string }): Promise<CronRun>
  /** Code: `lease-lost`. */
  extend(author: Author, told: Held & { leaseMs?: number }): Promise<ExtendedLease>
  /** Without having done it. Code: `lease-lost`. */
  release(author: Author, told: Held & { reason: string }): Promise<CronRun>
  /** Code: `lease-lost`; also for another end of an attempt than the one that is on record. */
  finish(author: Author, told: Held & End): Promise<CronRun>
}

export function aboutRuns(parts: AboutRunsParts): AboutRuns {
  return {
    runNow: (author, told) => runNow(parts, author, told),
    decide: (author, told) => decide(parts, author, told),
    extend: (author, told) => extend(parts, author, told),
    release: (author, { job, run, ...told }) =>
      executeOn(parts, author, { job, run, wish: { name: 'release', run, ...told } }),
    finish: (author, told) => finish(parts, author, told),
  }
}

/** Carries out a command on a run, and answers the run after it; one that had ended before is in the read model. */
async function executeOn(
  { commands, runs }: AboutRunsParts,
  author: Author,
  { job, run, wish }: RunName & { wish: CronWish },
): Promise<CronRun> {
  const { changed, state } = await commands.execute({ author, job, wish })
  const known = changed.get(run) ?? state?.runs.find((one) => one.run === run)
  const found = known ?? (await runs.one({ tenant: author.tenant, job }, run))
  if (found === undefined) throw noSuchRun(job, run)
  return found
}

/** After a refusal with that code: the run, which may have ended before; else that refusal. */
async function unlessEnded(
  { runs }: AboutRunsParts,
  { tenant }: Author,
  { job, run, code, error }: RunName & { code: ErrorCode; error: unknown },
): Promise<CronRun> {
  if (!(error instanceof DaybookError) || error.code !== code) throw error
  const found = await runs.one({ tenant, job }, run)
  if (found === undefined) throw error
  return found
}

async function runNow(
  parts: AboutRunsParts,
  author: Author,
  { job, requestId }: { job: string; requestId: string },
): Promise<CronRun> {
  const run = runNameOfRequest(requestId)
  try {
    return await executeOn(parts, author, { job, run, wish: { name: 'run-now', requestId } })
  } catch (error) {
    return unlessEnded(parts, author, { job, run, code: 'key-reused', error })
  }
}

async function decide(
  parts: AboutRunsParts,
  author: Author,
  { name, job, run, reason }: RunName & { name: Decision; reason?: string },
): Promise<CronRun> {
  const why = reason === undefined ? {} : { reason }
  try {
    return await executeOn(parts, author, { job, run, wish: { name, run, ...why } })
  } catch (error) {
    const ended = await unlessEnded(parts, author, { job, run, code: 'not-found', error })
    if (isDone(name, ended)) return ended
    throw endedOtherwise(ended)
  }
}

async function extend(
  { commands }: AboutRunsParts,
  author: Author,
  { job, run, token, leaseMs }: Held & { leaseMs?: number },
): Promise<ExtendedLease> {
  const wish = { name: 'extend', run, token, ...(leaseMs !== undefined && { leaseMs }) } as const
  const { state, command } = await commands.execute({ author, job, wish })
  const extended = state?.runs.find((one) => one.run === run)
  return { ...leaseLeft(extended?.lease, command.now), cancelRequested: extended?.cancel !== undefined }
}

async function finish(
  parts: AboutRunsParts,
  author: Author,
  { job, run, token, ...end }: Held & End,
): Promise<CronRun> {
  try {
    return await executeOn(parts, author, { job, run, wish: { name: 'finish', run, token, ...end } })
  } catch (error) {
    const found = await unlessEnded(parts, author, { job, run, code: 'lease-lost', error })
    if (isOnRecord(found, token, end)) return found
    throw error
  }
}

/** Whether a run that has ended did so as somebody wants it, or ran as he wants it. */
function isDone(wish: Decision, { state, reason }: CronRun): boolean {
  const isDismissed = state === 'skipped' && reason === 'dismissed'
  if (wish === 'approve') return state !== 'skipped' && state !== 'missed'
  if (wish === 'dismiss') return isDismissed
  return state === 'cancelled' || isDismissed
}

/** Where nobody says why it failed, that is what is on record. */
const UNSAID_CLASS = 'failed'

/**
 * Whether this is what the attempt of this token came to. A lease that ran out is on record with its token as well, and who had
 * it has no say any more.
 */
function isOnRecord(run: CronRun, token: number, { status, error }: End): boolean {
  const ended = run.endedToken === token ? run : undefined
  if (status !== 'failed') return ended?.state === status && ended.error === undefined
  const failed = ended ?? run.failures.find((failure) => failure.token === token)
  return failed?.error?.class === (error?.class ?? UNSAID_CLASS)
}

function endedOtherwise({ run, state }: CronRun): DaybookError {
  return new DaybookError('invalid-transition', `The run ${run} has ended: it is ${state}.`, {
    details: { run, state },
  })
}
