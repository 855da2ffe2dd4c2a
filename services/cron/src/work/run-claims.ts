import type { Database } from '@daybook/database'
import { DaybookError, type JsonValue } from '@daybook/errors'
import { Claims, type ClaimWish, type Projection } from '@daybook/eventing'
import { type CronJob, cronRunSchema, jsonSchema } from '@daybook/events'
import { type Static, Type } from 'typebox'
import type { CronCommands, JobOutcome } from '../commands.ts'
import type { CronMetrics } from '../observe.ts'
import { catchUp } from '../store/catch-up.ts'
import { findHeldRuns } from './claimable.ts'
import { leaseFields, leaseLeft } from './lease-left.ts'
import type { RunFinder } from './run-finder.ts'

const { run, slot, cause, attempt, deadline } = cronRunSchema.properties

/** A run that a worker has got. */
export const claimedRunSchema = Type.Object({
  job: Type.String(),
  run,
  slot,
  cause,
  attempt,
  payload: jsonSchema,
  ...leaseFields,
  deadline,
})
type ClaimedRun = Static<typeof claimedRunSchema>

/** What a worker asks for. */
interface RunClaimWish extends ClaimWish {
  readonly job?: string
}

interface RunPlace {
  readonly job: string
  readonly run: string
}

export type RunClaims = Claims<RunClaimWish, RunPlace, ClaimedRun>

export interface RunClaimParts<DB> {
  readonly database: Database<DB>
  readonly commands: CronCommands
  readonly finder: RunFinder
  readonly metrics: CronMetrics
  readonly projection: Pick<Projection<unknown>, 'position' | 'waitFor'>
  /** The last position at which this instance changed anything. */
  readonly ownPosition: () => number
}

const CLIENT_GONE = 'the client went away before it was told'

/** Claims runs for workers. It is decided on the stream of each run's job; the read model says only where to look. */
export function runClaims<DB>(parts: RunClaimParts<DB>): RunClaims {
  const { database, commands, finder, metrics, projection, ownPosition } = parts
  return new Claims<RunClaimWish, RunPlace, ClaimedRun>({
    nameOf: (place) => `${place.job} ${place.run}`,
    find: ({ tenant }, { job }, seeker) => finder.find({ ...seeker, filter: { tenant, job } }),
    async findHeld({ tenant }, { job, worker, claimId }) {
      // An instance may have been killed with the answer a moment ago, and a run that nobody knows he has would fail.
      await catchUp({ database, projection })
      return findHeldRuns(database, { tenant, job, worker, claimId })
    },
    async claimAt(author, { worker, claimId, leaseMs }, place) {
      const asked = { worker, claimId, ...(leaseMs !== undefined && { leaseMs }) }
      const wish = { name: 'claim', run: place.run, ...asked } as const
      const outcome = await commands.execute({ author, job: place.job, wish }).catch(unlessEnded)
      const item = outcome && gotBy(outcome, place, asked)
      return item && { item, seq: outcome.receipts.at(-1)?.seq }
    },
    giveBack: (author, { job, run: name, token }) =>
      commands.execute({ author, job, wish: { name: 'release', run: name, token, reason: CLIENT_GONE } }),
    onClaimed: (count) => metrics.claimed(count),
    projection,
    ownPosition,
  })
}

/** What a look at the read model found may have ended since. */
function unlessEnded(error: unknown): undefined {
  if (error instanceof DaybookError && error.code === 'not-found') return undefined
  throw error
}

/** What the claim has got of the job, before or just now. */
function gotBy(
  { state, command }: JobOutcome,
  place: RunPlace,
  { worker, claimId }: { worker: string; claimId: string },
): ClaimedRun | undefined {
  const found = state?.runs.find((one) => one.run === place.run)
  const { lease } = found ?? {}
  if (found === undefined || lease?.claimId !== claimId || lease.worker !== worker) return undefined
  return {
    job: place.job,
    run: found.run,
    ...(found.slot !== undefined && { slot: found.slot }),
    cause: found.cause,
    attempt: found.attempt,
    payload: payloadOf(state),
    ...leaseLeft(lease, command.now),
    ...(found.deadline !== undefined && { deadline: found.deadline }),
  }
}

function payloadOf(job: CronJob | undefined): JsonValue {
  const action = job?.definition?.action
  return action?.do === 'deliver' ? (action.payload ?? null) : null
}
