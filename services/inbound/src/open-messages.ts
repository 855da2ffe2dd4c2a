import {
  type PayloadArchive,
  type Projection,
  type ProjectionSpec,
  type ServedProjection,
  serveProjection,
} from '@daybook/eventing'
import type { InboundLimits } from '@daybook/events'
import type { HttpPlugin, Metrics } from '@daybook/runtime'
import { inboundProjection } from './inbound-projection.ts'
import { startMaintenance } from './maintenance.ts'
import { observeStates } from './observe-states.ts'
import { exportMessagesRoute } from './reads/export-route.ts'
import { listMessagesRoute } from './reads/list-route.ts'
import { showMessageRoute } from './reads/show-route.ts'
import { inboundStatsRoute } from './reads/stats-route.ts'
import { messagesVerification } from './verify/verify.ts'

/** What the read model of messages takes. */
export type MessagesParts = Pick<
  ProjectionSpec<unknown>,
  'database' | 'consumer' | 'logger' | 'metrics' | 'tracing' | 'compareMs'
> & {
  archive: PayloadArchive
  limitsOf: (source: string) => InboundLimits
  /** Where it tells what there is to do. */
  registry: Metrics
  /** How often it looks for what is to be cleared away. */
  clearEveryMs?: number | undefined
}

/** The read model of messages at work. Disposing it ends the projection. */
export interface Messages extends AsyncDisposable {
  readonly projection: Projection<unknown>
  readonly served: ServedProjection<unknown>
  readonly plugins: HttpPlugin[]
}

/** Starts the projection of messages and what keeps it within its limits, and makes the doors for reading. */
export function openMessages({ limitsOf, registry, clearEveryMs, ...parts }: MessagesParts): Messages {
  const stack = new AsyncDisposableStack()
  const { database, logger, archive } = parts
  const spec = { ...parts, ...inboundProjection }
  const served = stack.use(serveProjection(spec, messagesVerification(archive)))
  const { projection } = served
  const tables = { ...inboundProjection, database }
  const every = clearEveryMs === undefined ? {} : { everyMs: clearEveryMs }
  stack.use(startMaintenance({ tables, limitsOf, logger, ...every }))
  observeStates(registry, database)
  return {
    projection,
    served,
    plugins: [
      listMessagesRoute(projection),
      showMessageRoute({ projection, archive }),
      exportMessagesRoute(projection),
      inboundStatsRoute(projection),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
