import {
  type Appender,
  type LeftOutEvent,
  type PayloadArchive,
  type Projection,
  type ProjectionSpec,
  type ServedProjection,
  serveProjection,
} from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import type { QueryExecutorProvider } from 'kysely'
import { whenParkedRunsChanged, whenRunsChanged, whenRunsChangedInVersion1 } from '../handlers.ts'
import { listEffectsRoute } from '../routes/effects.ts'
import { getRunRoute, listRunsRoute } from '../routes/runs.ts'
import { runsProjection } from '../runs-projection.ts'
import { runStateRoutes } from '../time-travel/run-routes.ts'
import { keepSegments, type SegmentKeeper } from '../time-travel/segment-keeper.ts'
import { runsVerification } from '../verify.ts'
import { runRoutes } from './routes.ts'

/** What runs take: what each projection runs on, and where commands append. */
export type RunsParts = Pick<
  ProjectionSpec<unknown>,
  'database' | 'consumer' | 'logger' | 'metrics' | 'tracing' | 'compareMs'
> & { append: Appender; archive: PayloadArchive }

/** Runs and their effects at work. Disposing it ends the projection. */
export interface Runs extends AsyncDisposable {
  readonly projection: Projection<unknown>
  readonly served: ServedProjection<unknown>
  readonly plugins: HttpPlugin[]
}

/** Starts the projection of runs and what keeps their past at hand, and makes their doors. */
export function openRuns({ append, archive, ...parts }: RunsParts): Runs {
  const { database, logger } = parts
  const stack = new AsyncDisposableStack()
  const fold = runsProjection.version
  let keeper: SegmentKeeper | undefined
  const spec = { ...parts, ...specOf(archive, (events) => keeper?.note(events)), archive }
  const served = stack.use(serveProjection(spec, runsVerification(archive)))
  const { projection } = served
  keeper = stack.use(keepSegments({ database, projection, archive, logger, fold }))
  return {
    projection,
    served,
    plugins: [
      listRunsRoute(projection),
      getRunRoute(projection),
      listEffectsRoute(projection),
      ...runRoutes({ database, archive, projection, append }),
      ...runStateRoutes({ projection, archive, keeper, fold }),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** @param onApplied told of the events of each batch before it is committed, again when it is repeated or rebuilt. */
function specOf(archive: PayloadArchive, onApplied: (events: readonly JournalEvent[]) => void) {
  const applying =
    (apply: typeof whenRunsChanged) =>
    async (trx: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<void> => {
      await apply(trx, events, archive)
      onApplied(events)
    }
  return {
    ...runsProjection,
    apply: applying(whenRunsChanged),
    applyLeftOut: (trx: QueryExecutorProvider, leftOut: readonly LeftOutEvent[]) =>
      whenParkedRunsChanged(trx, leftOut, archive),
    generations: { earlier: { 1: applying(whenRunsChangedInVersion1) } },
  }
}
