import { isDeepStrictEqual } from 'node:util'
import { DaybookError } from '@daybook/errors'
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { toBusError } from './failure.ts'
import type { BusParts } from './subscribe.ts'
import type { ConsumerSpec, StreamSpec, Topology } from './topology.ts'

const API_TIMEOUT_MS = 5_000

/**
 * Makes what is missing and brings what is there to its declared limits; touches nothing else and may be called at any
 * time by any number of processes. Errors: `unavailable`, `timeout`; `unsafe-configuration` when the server holds
 * something that cannot be brought to its declaration.
 */
export async function ensureTopology(parts: BusParts, topology: Topology): Promise<void> {
  const manager = await jetstreamManager(parts.connection.use(), { checkAPI: false, timeout: API_TIMEOUT_MS })
  try {
    await parts.connection.untilLost(ensureAll(parts, manager, topology))
  } catch (error) {
    throw toBusError(error, 'bring its streams and consumers to their declaration')
  }
}

async function ensureAll(parts: BusParts, manager: JetStreamManager, topology: Topology): Promise<void> {
  for (const spec of topology.streams) await ensureStream(parts, manager, spec)
  for (const spec of topology.consumers) await ensureConsumer(parts, manager, spec)
}

async function ensureStream(
  { logger }: BusParts,
  manager: JetStreamManager,
  spec: StreamSpec,
): Promise<void> {
  const wanted = streamConfig(spec)
  const found = await unlessMissing(manager.streams.info(spec.name))
  if (found !== undefined && differences(wanted, found.config).length === 0) return
  const made =
    found === undefined
      ? await manager.streams.add(wanted)
      : await manager.streams.update(spec.name, wanted).catch((cause: unknown) => refuse(spec.name, cause))
  refuseIfDifferent(spec.name, wanted, made.config)
  logger.info({ stream: spec.name }, found === undefined ? 'stream created' : 'stream limits updated')
}

async function ensureConsumer(
  { logger }: BusParts,
  manager: JetStreamManager,
  spec: ConsumerSpec,
): Promise<void> {
  const { stream, durable } = spec
  const wanted = consumerConfig(spec)
  let found = await unlessMissing(manager.consumers.info(stream, durable))
  if (found !== undefined && differences(wanted, found.config).length === 0) return
  if (found !== undefined && found.config.ack_policy !== wanted.ack_policy) {
    // The server changes this of no consumer. A new one begins anew, and handling a message again changes nothing.
    await manager.consumers.delete(stream, durable)
    found = undefined
  }
  const made =
    found === undefined
      ? await manager.consumers.add(stream, wanted)
      : await manager.consumers
          .update(stream, durable, wanted)
          .catch((cause: unknown) => refuse(durable, cause))
  refuseIfDifferent(durable, wanted, made.config)
  logger.info({ stream, durable }, found === undefined ? 'consumer created' : 'consumer limits updated')
}

function streamConfig(spec: StreamSpec) {
  return {
    name: spec.name,
    description: spec.description,
    subjects: [...spec.subjects],
    retention: spec.retention,
    storage: StorageType.File,
    discard: spec.discard,
    max_bytes: spec.bytesMax,
    max_age: nanos(spec.ageMsMax),
    duplicate_window: nanos(spec.duplicateWindowMs),
    allow_atomic: spec.atomicBatches,
    // Lets an operator look at single messages without loading the leader.
    allow_direct: true,
    deny_delete: false,
    num_replicas: 1,
  } satisfies Partial<StreamConfig>
}

function consumerConfig(spec: ConsumerSpec) {
  return {
    durable_name: spec.durable,
    description: spec.description,
    ack_policy: spec.acks === 'all' ? AckPolicy.All : AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(spec.ackWaitMs),
    max_ack_pending: spec.ackPendingMax,
    // A message is never given up by count: who handles it decides between again and dead letter.
    max_deliver: -1,
    ...(spec.filter === undefined ? {} : { filter_subject: spec.filter }),
  } satisfies Partial<ConsumerConfig>
}

async function unlessMissing<T>(info: Promise<T>): Promise<T | undefined> {
  try {
    return await info
  } catch (error) {
    const missing: readonly number[] = [JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound]
    if (error instanceof JetStreamApiError && missing.includes(error.code)) return undefined
    throw error
  }
}

/** The settings that are not as wanted. The server leaves out what is false, zero or empty. */
function differences(wanted: object, found: object): string[] {
  const theirs = new Map(Object.entries(found))
  return Object.entries(wanted)
    .filter(([key, value]) => {
      const other: unknown = theirs.get(key)
      return !isDeepStrictEqual(value, other) && (other !== undefined || Boolean(value))
    })
    .map(([key]) => key)
}

function refuse(name: string, cause: unknown): never {
  if (!(cause instanceof JetStreamApiError)) throw cause
  const message = `NATS refuses to change ${name}: ${cause.message}. Delete it there, or correct what differs by hand.`
  throw new DaybookError('unsafe-configuration', message, { cause })
}

/** An older server leaves out in silence what it does not know, such as atomic batches. */
function refuseIfDifferent(name: string, wanted: object, made: object): void {
  const different = differences(wanted, made)
  if (different.length === 0) return
  const message = `NATS made ${name} without ${different.join(', ')}. Use nats-server 2.14.3 or newer.`
  throw new DaybookError('unsafe-configuration', message)
}
