import { readFile } from 'node:fs/promises'
import { openCron } from '@daybook/cron'
import type { EmbeddedPostgres } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalAppender, payloadArchive, type ServiceParts } from '@daybook/eventing'
import { type InboundParts, openInbound } from '@daybook/inbound'
import type { ObjectStore } from '@daybook/object-store'
import { openProjection } from '@daybook/projection'
import {
  assertedCallers,
  createLogger,
  createMetrics,
  type Environment,
  type LogLevel,
} from '@daybook/runtime'
import type { DataDirectory } from './data-directory.ts'
import { type NatsPlace, openBus } from './nats-place.ts'

/** The read models look at the journal this often by themselves; messages make them look at once. */
const COMPARE_MS = 2_000
/** Further behind than this, the stack says that it is not ready. */
const LAG_MAX = 10_000
/** The services are reached by the gateway alone, which is in this process. */
export const LOOPBACK = '127.0.0.1'

/** What the services of a stack have in common. */
export interface Parts {
  postgres: EmbeddedPostgres
  nats: NatsPlace
  logLevel: LogLevel
  /** By which the gateway vouches for callers. Of this process, so it is made anew at each start. */
  callerKey: string
  /** Runs are archived only when somebody asks for it: `daybook archive:run`. */
  archive: ObjectStore
}

/** Starts the service of runs and sessions. */
export async function startProjection(
  parts: Parts,
  journalUrl: string,
): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const projection = stack.use(
    await openProjection(await readModelParts(stack, parts, { service: 'projection', journalUrl })),
  )
  const opened = stack.move()
  return { url: projection.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Starts the service of inbound messages. */
export async function startInbound(
  parts: Parts,
  journalUrl: string,
  sources: SourcesParts,
): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const common = await readModelParts(stack, parts, { service: 'inbound', journalUrl })
  const inbound = stack.use(await openInbound({ ...common, ...sources }))
  const opened = stack.move()
  return { url: inbound.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Starts the service of jobs. */
export async function startCron(
  parts: Parts,
  journalUrl: string,
): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const cron = stack.use(await openCron(await readModelParts(stack, parts, { service: 'cron', journalUrl })))
  const opened = stack.move()
  return { url: cron.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** What a service with read models runs on; what has to be closed goes onto the stack. */
async function readModelParts(
  stack: AsyncDisposableStack,
  { postgres, nats, logLevel, archive, callerKey }: Parts,
  { service, journalUrl }: { service: 'projection' | 'inbound' | 'cron'; journalUrl: string },
): Promise<ServiceParts> {
  const logger = createLogger({ service, level: logLevel })
  const bus = stack.use(await openBus(nats, service, logger))
  return {
    database: postgres.database(),
    bus,
    logger,
    metrics: createMetrics({ service, processMetrics: false }),
    http: { host: LOOPBACK, port: 0 },
    callers: assertedCallers(callerKey),
    append: journalAppender({ url: journalUrl, callerKey, service, bus }),
    compareMs: COMPARE_MS,
    lagMax: LAG_MAX,
    archive: payloadArchive(archive),
  }
}

/** Where the limits and the webhooks of sources of inbound messages are; see `StackOptions`. */
interface SourcesOptions {
  data: Pick<DataDirectory, 'sourcesFile'>
  sourcesFile?: string
  environment?: Environment | undefined
}

type SourcesParts = Pick<InboundParts, 'sources' | 'environment'>

/** A file that was named has to be there (else `invalid-usage`); the usual one need not. */
export async function readSources({ data, sourcesFile, environment }: SourcesOptions): Promise<SourcesParts> {
  try {
    return { sources: await readFile(sourcesFile ?? data.sourcesFile, 'utf8'), environment }
  } catch (cause) {
    if (sourcesFile === undefined && isMissing(cause)) return {}
    const message = `The sources of inbound messages cannot be read from ${sourcesFile ?? data.sourcesFile}.`
    throw new DaybookError('invalid-usage', message, { cause })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
