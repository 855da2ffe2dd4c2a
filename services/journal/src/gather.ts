import { type Job, nameOf } from './settle.ts'

/** What one transaction takes well: larger ones are hardly faster, and everyone in them waits longer. */
const EVENTS_MAX = 500
const BYTES_MAX = 1_048_576

/** A request that waits for its transaction. */
export interface Gathered extends Job {
  streams: ReadonlySet<string>
}

/** The names of all streams that a request writes or expects something of. */
export function streamsOf({ tenant, request }: Job): Set<string> {
  const streams = new Set<string>()
  let last = ''
  for (const { stream } of request.events) {
    // Most requests have one stream.
    if (stream !== last) streams.add(nameOf(tenant, stream))
    last = stream
  }
  for (const stream of request.expect.keys()) streams.add(nameOf(tenant, stream))
  return streams
}

/**
 * The requests of the next transaction, in order, and those that wait on. A request waits when the transaction is full,
 * when one of its streams is busy, and when an earlier request that shares a stream with it waits.
 */
export function takeBatch<Request extends Gathered>(
  queue: readonly Request[],
  busy: ReadonlySet<string>,
): { batch: Request[]; rest: Request[] } {
  const batch: Request[] = []
  const rest: Request[] = []
  const held = new Set(busy)
  let [events, bytes, isFull] = [0, 0, false]
  for (const waiting of queue) {
    const { request, streams } = waiting
    // The first one always goes, however large it is.
    isFull ||=
      batch.length > 0 && (events + request.events.length > EVENTS_MAX || bytes + request.bytes > BYTES_MAX)
    if (isFull || [...streams].some((stream) => held.has(stream))) {
      for (const stream of streams) held.add(stream)
      rest.push(waiting)
      continue
    }
    batch.push(waiting)
    events += request.events.length
    bytes += request.bytes
  }
  return { batch, rest }
}

/** How many events requests hold together. */
export function countEvents(requests: readonly Gathered[]): number {
  return requests.reduce((sum, { request }) => sum + request.events.length, 0)
}
