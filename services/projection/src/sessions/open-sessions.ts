import {
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
import { sessionCommandRoutes } from './command-routes.ts'
import { type SessionCommandParts, sessionCommands } from './commands.ts'
import { whenParkedSessionsChanged, whenSessionsChanged } from './handlers.ts'
import { getSessionRoute, listSessionsRoute } from './read-routes.ts'
import { listSessionRunsRoute } from './runs-route.ts'
import { sessionsProjection } from './sessions-projection.ts'
import { sessionsVerification } from './verify.ts'

/** What sessions take: what each projection runs on, where commands append, and the read model of runs. */
export type SessionsParts = Pick<
  ProjectionSpec<unknown>,
  'database' | 'consumer' | 'logger' | 'metrics' | 'tracing' | 'compareMs'
> &
  Pick<SessionCommandParts<unknown>, 'append' | 'archive'> & { runs: Projection<unknown> }

/** Sessions at work. Disposing it ends the projection. */
export interface Sessions extends AsyncDisposable {
  readonly projection: Projection<unknown>
  readonly served: ServedProjection<unknown>
  readonly plugins: HttpPlugin[]
}

/** Starts the projection of sessions, and makes its doors. */
export function openSessions({ runs, append, archive, ...parts }: SessionsParts): Sessions {
  const stack = new AsyncDisposableStack()
  const spec = { ...parts, ...specOf(archive), archive }
  const served = stack.use(serveProjection(spec, sessionsVerification(archive)))
  const { projection } = served
  const { database } = parts
  const commands = sessionCommands({ database, projection, archive, append })
  return {
    projection,
    served,
    plugins: [
      listSessionsRoute(projection),
      getSessionRoute(projection),
      listSessionRunsRoute({ sessions: projection, runs }),
      ...sessionCommandRoutes(commands),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function specOf(archive: PayloadArchive) {
  return {
    ...sessionsProjection,
    apply: (trx: QueryExecutorProvider, events: readonly JournalEvent[]) =>
      whenSessionsChanged(trx, events, archive),
    applyLeftOut: (trx: QueryExecutorProvider, leftOut: readonly LeftOutEvent[]) =>
      whenParkedSessionsChanged(trx, leftOut, archive),
  }
}
