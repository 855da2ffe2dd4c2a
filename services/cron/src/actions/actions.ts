import type { Bus } from '@daybook/bus'
import type { Clock, Database } from '@daybook/database'
import type { Projection, RememberedStates } from '@daybook/eventing'
import type { CronJob } from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import type { ChangedJob } from '../commands.ts'
import type { JobDecisions } from '../scheduler/job-decisions.ts'
import { startFollowing } from './follow-runs.ts'
import { openPublisher } from './publish.ts'

export interface ActionsParts<DB> {
  readonly database: Database<DB>
  readonly bus: Bus
  readonly clock: Clock
  readonly projection: Projection<DB>
  readonly decisions: JobDecisions
  readonly remembered: RememberedStates<CronJob | undefined>
  readonly logger: Logger
  /** Resolves when nothing is being started: what has time does not make starts late. */
  readonly whenIdle: () => Promise<void>
}

/** What is done after a start, where the start itself is not all. */
export interface Actions extends AsyncDisposable {
  /** After a change that this instance has made. */
  note(changed: ChangedJob): void
}

/** Reads top-down as start order. */
export function openActions<DB>(parts: ActionsParts<DB>): Actions {
  const stack = new AsyncDisposableStack()
  const publisher = stack.use(openPublisher(parts))
  stack.use(startFollowing(parts))
  return { note: (changed) => publisher.note(changed), [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
