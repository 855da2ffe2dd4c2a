import type { Draft } from '@daybook/events'

/** Drafts that go into one request, which is atomic. */
export interface Chunk {
  /** How many drafts come before this chunk. */
  readonly offset: number
  readonly drafts: readonly Draft[]
}

/** The journal takes 1,000 events and 4 MiB in a request; the rest is for the envelope and for other ways of counting. */
const chunkEventsMax = 1_000
const chunkBytesMax = 3 * 1024 * 1024

/** Requests of a bearable size, in order. None reaches over the border behind the first `border` drafts. */
export function* chunksOf(drafts: readonly Draft[], border = 0): Generator<Chunk> {
  let offset = 0
  let chunk: Draft[] = []
  let bytes = 0
  for (const [index, draft] of drafts.entries()) {
    const size = Buffer.byteLength(JSON.stringify(draft))
    const full = chunk.length === chunkEventsMax || bytes + size > chunkBytesMax || index === border
    if (full && chunk.length > 0) {
      yield { offset, drafts: chunk }
      offset = index
      chunk = []
      bytes = 0
    }
    chunk.push(draft)
    bytes += size
  }
  if (chunk.length > 0) yield { offset, drafts: chunk }
}
