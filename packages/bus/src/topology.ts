/** A stream, in our own words and units. */
export interface StreamSpec {
  readonly name: string
  readonly description: string
  readonly subjects: readonly string[]
  /** `limits` keeps what fits; `workqueue` keeps a message until its one consumer has acknowledged it. */
  readonly retention: 'limits' | 'workqueue'
  /** What gives way when the stream is full: its oldest messages, or the new one, whose publisher is told. */
  readonly discard: 'old' | 'new'
  readonly bytesMax: number
  /** 0 = for ever. */
  readonly ageMsMax: number
  /** For how long a repeated `Nats-Msg-Id` is recognised. */
  readonly duplicateWindowMs: number
  readonly atomicBatches: boolean
}

/** A durable pull consumer. */
export interface ConsumerSpec {
  readonly stream: string
  readonly durable: string
  readonly description: string
  /** Which subjects of the stream; all of them when absent. */
  readonly filter?: string
  /**
   * `each`: every message is settled by itself. `all`: the last of a batch stands for all before it, which is far cheaper
   * for everyone; for consumers that lose nothing when a message is taken for handled that was not.
   */
  readonly acks: 'each' | 'all'
  /** A message not settled by then is delivered again. */
  readonly ackWaitMs: number
  /** Delivered but not yet settled; at this many the server stops sending. */
  readonly ackPendingMax: number
}

/** All that Daybook needs to exist in JetStream. */
export interface Topology {
  readonly streams: readonly StreamSpec[]
  readonly consumers: readonly ConsumerSpec[]
}

/** What a deployment may choose. */
export interface TopologyLimits {
  readonly eventsBytesMax?: number
  readonly eventsAgeMsMax?: number
  readonly queueBytesMax?: number
}

const MIB = 1024 * 1024
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

/** Longer than any retry of ours, short enough that its table (kept in memory) stays small. */
const DUPLICATE_WINDOW_MS = 120_000

/** Longer than the slowest healthy batch: a database statement is cut off after 15 s. */
const ACK_WAIT_MS = 30_000

/** Two batches of 500: one in the handler, one arriving. More would only wait in memory and outlive its `ackWaitMs`. */
const ACK_PENDING_MAX = 1000

/**
 * The streams and consumers of Daybook as data. Postgres is the truth: `DAYBOOK_EVENTS` may be deleted or trimmed at
 * any time and is filled again from the journal; only what waits in `DAYBOOK_QUEUE` is not in Postgres yet.
 */
export function defineTopology(limits: TopologyLimits = {}): Topology {
  return {
    streams: [
      eventsStream(limits.eventsBytesMax ?? 1024 * MIB, limits.eventsAgeMsMax ?? 7 * DAY_MS),
      queueStream(limits.queueBytesMax ?? 256 * MIB),
      advisoriesStream(),
    ],
    consumers: [
      {
        stream: 'DAYBOOK_QUEUE',
        durable: 'journal-queue',
        description: 'The journal appends what was queued',
        acks: 'each',
        ackWaitMs: ACK_WAIT_MS,
        ackPendingMax: ACK_PENDING_MAX,
      },
      {
        stream: 'DAYBOOK_ADVISORIES',
        durable: 'journal-advisories',
        description: 'The journal keeps as dead letters what JetStream gave up',
        acks: 'each',
        ackWaitMs: ACK_WAIT_MS,
        ackPendingMax: ACK_PENDING_MAX,
      },
      projectionConsumer('projection-runs', 'run', 'The projection of runs and their effects'),
      projectionConsumer('projection-sessions', 'session', 'The projection of sessions'),
      projectionConsumer('inbound-messages', 'inbound', 'The projection of inbound messages'),
      projectionConsumer('cron-jobs', 'cron', 'The projection of jobs and their runs'),
    ],
  }
}

/** The topology with the limits that a service's settings say. All services of a deployment have to be told the same. */
export function topologyOf(settings: { EVENTS_BYTES_MAX: number; EVENTS_AGE_HOURS_MAX: number }): Topology {
  return defineTopology({
    eventsBytesMax: settings.EVENTS_BYTES_MAX,
    eventsAgeMsMax: settings.EVENTS_AGE_HOURS_MAX * HOUR_MS,
  })
}

/** The topology with the default limits. */
export const topology: Topology = defineTopology()

/** Of the events of one kind of stream. */
function projectionConsumer(durable: string, kind: string, description: string): ConsumerSpec {
  return {
    stream: 'DAYBOOK_EVENTS',
    durable,
    description,
    filter: `daybook.events.*.${kind}.>`,
    // What it applied is in its checkpoint, and what it missed it reads in the journal.
    acks: 'all',
    ackWaitMs: ACK_WAIT_MS,
    ackPendingMax: ACK_PENDING_MAX,
  }
}

/** Old events give way: readers that fall behind the stream read the journal instead, so nothing is lost by it. */
function eventsStream(bytesMax: number, ageMsMax: number): StreamSpec {
  return {
    name: 'DAYBOOK_EVENTS',
    description: 'The committed journal, relayed; a copy that can be made again from Postgres',
    subjects: ['daybook.events.>'],
    retention: 'limits',
    discard: 'old',
    bytesMax,
    // A consumer away for longer, by default a week, is better served by the journal's tables.
    ageMsMax,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    // The relay's fence is an atomic batch that names the sequence it expects.
    atomicBatches: true,
  }
}

/** Nothing queued may vanish: no age limit, and a full queue refuses the publisher instead of dropping the oldest. */
function queueStream(bytesMax: number): StreamSpec {
  return {
    name: 'DAYBOOK_QUEUE',
    description: 'Appends that wait for the journal',
    subjects: ['daybook.queue.>'],
    retention: 'workqueue',
    discard: 'new',
    bytesMax,
    ageMsMax: 0,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    atomicBatches: false,
  }
}

/**
 * What JetStream tells, once and to whoever listens, of messages of the queue that it will not deliver again. Kept, so that
 * the journal learns of them when it runs again. Of `DAYBOOK_EVENTS` nothing can be lost that way: it is all in Postgres.
 */
function advisoriesStream(): StreamSpec {
  return {
    name: 'DAYBOOK_ADVISORIES',
    description: 'Messages of the queue that JetStream gave up',
    subjects: [
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.DAYBOOK_QUEUE.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.DAYBOOK_QUEUE.>',
    ],
    retention: 'workqueue',
    discard: 'new',
    // One takes 400 bytes, so there is room for every message that a full queue can hold.
    bytesMax: 64 * MIB,
    ageMsMax: 0,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    atomicBatches: false,
  }
}
