import type { Database } from '@daybook/database'
import type { PayloadArchive, Projection } from '@daybook/eventing'
import { type JournalEvent, parseStream } from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import type { StreamKey } from '../store/events.ts'
import { type SegmentsKey, saveSegments } from '../store/state-segments.ts'
import { EffectIndex } from './effect-index.ts'
import { type History, openHistory, readEvents } from './history.ts'
import { meet, type RunAt, runAt } from './run-at.ts'
import { SEGMENT_EVENTS, type Segment, Segmenter } from './segment.ts'
import { unknownEffects } from './tracked-run.ts'

/**
 * Makes the segments of long runs.
 *
 * 1. They are a cache: whatever goes wrong here makes reads slower and never wrong. What cannot be made is left out.
 * 2. One run at a time, in short transactions, so that it takes no more than one connection and delays nobody for long.
 * 3. A segment is not kept if payloads of its run were erased while it was made; see `saveSegments`.
 */
export interface SegmentKeeper extends AsyncDisposable {
  /** Makes those of a run up to a seq that are missing. Waits for others that are being made. Never throws. */
  extend(stream: StreamKey, seq: number): Promise<void>
  /** Told of events that were applied; makes what is due afterwards. */
  note(events: readonly JournalEvent[]): void
}

export interface SegmentKeeperParts<DB> {
  database: Database<DB>
  projection: Projection<DB>
  archive: PayloadArchive
  logger: Logger
  /** The version of the fold. */
  fold: number
  /** Events in a segment. */
  segmentEvents?: number
}

/** Runs that wait to be extended, besides those that somebody waits for. More are left to their first reader. */
const NOTED_MAX = 1_000

class RunSegments<DB> implements SegmentKeeper {
  readonly #parts: SegmentKeeperParts<DB>
  readonly #noted = new Map<string, StreamKey & { seq: number }>()
  readonly #stopping = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(parts: SegmentKeeperParts<DB>) {
    this.#parts = parts
  }

  extend({ tenant, stream }: StreamKey, seq: number): Promise<void> {
    const key = { tenant, stream, fold: this.#parts.fold }
    this.#work = this.#work.then(() => this.#tryExtend(key, seq)) // 2
    return this.#work
  }

  note(events: readonly JournalEvent[]): void {
    for (const { tenant, stream, seq } of events) {
      if (seq % SEGMENT_EVENTS !== 0 || parseStream(stream).kind !== 'run') continue
      const isFirst = this.#noted.size === 0
      if (this.#noted.size < NOTED_MAX) this.#noted.set(`${tenant} ${stream}`, { tenant, stream, seq })
      if (isFirst) this.#work = this.#work.then(() => this.#extendNoted())
    }
  }

  /** One of them, and the next one when those who wait for something were served. */
  async #extendNoted(): Promise<void> {
    const [next] = this.#noted
    if (next === undefined) return
    const [name, { tenant, stream, seq }] = next
    // First, since the run may be noted again meanwhile.
    this.#noted.delete(name)
    await this.#tryExtend({ tenant, stream, fold: this.#parts.fold }, seq)
    if (this.#noted.size > 0) this.#work = this.#work.then(() => this.#extendNoted())
  }

  async #tryExtend(key: SegmentsKey, seq: number): Promise<void> {
    try {
      await this.#extend(key, seq)
    } catch (error) {
      const { tenant, stream } = key
      this.#parts.logger.warn({ err: error, tenant, stream }, 'segments for time travel cannot be made') // 1
    }
  }

  async #extend(key: SegmentsKey, upTo: number): Promise<void> {
    const { segmentEvents } = this.#parts
    let making: Making | undefined
    for (let more = true; more && !this.#stopping.signal.aborted; ) {
      const { value: read } = await this.#parts.projection.read(key.tenant, async (trx) => {
        const history = await openHistory(trx, key, this.#parts.archive)
        // What is about to be erased is waited for: no segment is to have it. 3
        if (history === undefined || history.erased.size > 0) return undefined
        making = making === undefined ? await begin(history, segmentEvents) : goOn(history, making)
        return making && cutNext(history, making, upTo)
      })
      if (read === undefined || making === undefined) return
      const isKept = await this.#save(key, read.segments, making.lastSeq)
      more = read.more && isKept
    }
  }

  async #save(key: SegmentsKey, segments: readonly Segment[], lastSeq: number): Promise<boolean> {
    if (segments.length === 0) return true
    return this.#parts.database.transaction((trx) => saveSegments(trx, key, { segments, lastSeq }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#noted.clear()
    await this.#work
  }
}

/** How far the segments of one run are, while they are made. */
interface Making {
  segmenter: Segmenter
  at: RunAt
  /** The end of the last segment that was there when its making began. */
  baseSeq: number
  /** The end of the run then: what is in hand is from before. */
  lastSeq: number
}

async function begin(history: History, eventsMax: number | undefined): Promise<Making> {
  const baseSeq = history.segments.at(-1)?.seq ?? 0
  const at = await runAt(history, baseSeq)
  return { segmenter: new Segmenter(at.tracked, eventsMax), at, baseSeq, lastSeq: history.extent.lastSeq }
}

/** The same in the snapshot of a later read; undefined if the segments that it began after have been lost meanwhile. */
function goOn(history: History, making: Making): Making | undefined {
  const { baseSeq } = making
  if (baseSeq > 0 && !history.segments.some(({ seq }) => seq === baseSeq)) return undefined
  return { ...making, at: { ...making.at, history, index: new EffectIndex(history, baseSeq) } }
}

/** Cuts the segments that the next page of events completes; none that ends after `upTo`. */
async function cutNext(
  history: History,
  { segmenter, at }: Making,
  upTo: number,
): Promise<{ segments: Segment[]; more: boolean }> {
  const { tracked } = segmenter
  const page = await readEvents(history, { after: tracked.seq })
  const events = page.events.filter(({ seq }) => seq <= upTo)
  await meet(at, unknownEffects(tracked, events))
  const segments = events.flatMap((event) => segmenter.take(event) ?? [])
  return { segments, more: page.more && events.length === page.events.length }
}

/** Starts with nothing to do. */
export function keepSegments<DB>(parts: SegmentKeeperParts<DB>): SegmentKeeper {
  return new RunSegments(parts)
}
