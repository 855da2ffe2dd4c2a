import { fileURLToPath } from 'node:url'
import { type MigrationSource, requireMigrated } from '@daybook/database'
import {
  createProjectionMetrics,
  generationMigrations,
  noArchive,
  type OpenService,
  observeConsumers,
  type Projection,
  projectionRoutes,
  type ServiceParts,
  serveReadModels,
} from '@daybook/eventing'
import type { Environment } from '@daybook/runtime'
import { hookRoutes } from './hooks/routes.ts'
import { openCommands } from './open-commands.ts'
import { openMessages } from './open-messages.ts'
import { readSources } from './sources.ts'

/** Of the HTTP API. */
const VERSION = '1.0.0'

const CONSUMER = { stream: 'DAYBOOK_EVENTS', durable: 'inbound-messages' }

export const inboundMigrations: MigrationSource = {
  service: 'inbound',
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  shared: generationMigrations('inbound'),
}

/** What the inbound service runs on. It closes none of it. */
export interface InboundParts extends ServiceParts {
  /** The limits and the webhooks of each source, as the JSON text of a file; without it there are none. */
  sources?: string | undefined
  /** Where `sources` finds the secrets that it names as environment variables; without it there are none. */
  environment?: Environment | undefined
  /** How often the read model is looked through for what is to be cleared away. */
  clearEveryMs?: number | undefined
  /** An offer that nobody took is made again after so long; 30 s unless told. */
  offerEveryMs?: number | undefined
  /** So often at least it is looked for what ran out of time; 5 s unless told. */
  sweepMs?: number | undefined
}

export interface InboundService extends OpenService {
  /** The read model of inbound messages. */
  readonly messages: Projection<unknown>
}

/** Reads top-down as start order. Disposing stops everything in reverse: doors first, then what they lead to. */
export async function openInbound(parts: InboundParts): Promise<InboundService> {
  const { database, bus, logger, metrics, archive = noArchive, clearEveryMs } = parts
  const sources = readSources(parts.sources, parts.environment ?? {})
  await requireMigrated(database, inboundMigrations)
  await using stack = new AsyncDisposableStack()
  const common = {
    ...parts,
    metrics: createProjectionMetrics(metrics),
    archive,
    consumer: { bus, ...CONSUMER },
  }
  const messages = stack.use(
    openMessages({ ...common, limitsOf: sources.limitsOf, registry: metrics, clearEveryMs }),
  )
  observeConsumers(metrics, bus, [CONSUMER])
  const { projection } = messages
  const commands = stack.use(openCommands({ ...parts, archive, projection, limitsOf: sources.limitsOf }))
  const hooks = hookRoutes({ sources, receive: commands.receive, logger, metrics })
  const plugins = [...messages.plugins, ...commands.plugins, hooks, ...projectionRoutes([messages.served])]
  const doors = { service: 'inbound', version: VERSION, projections: [messages.served], plugins }
  const http = stack.use(await serveReadModels(parts, doors))
  const opened = stack.move()
  return { http, messages: messages.projection, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
