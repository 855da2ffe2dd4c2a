import { type JournalEvent, upcastEvent, withoutPayload } from '@daybook/events'
import type { JournalReader } from './journal-reader.ts'

const EVENTS_PER_PAGE = 1_000
const EVENTS_BYTES_MAX = 8 * 1024 * 1024

/** Up to where a stream is read, both bounds included. */
export interface StreamBounds {
  tenant: string
  stream: string
  position: number
  seqMax: number
}

/** The events of a stream in their newest versions, page by page: a large one is never whole in memory. */
export async function* streamEvents(
  journal: JournalReader,
  { tenant, stream, position, seqMax }: StreamBounds,
): AsyncGenerator<JournalEvent, void, undefined> {
  const page = { tenant, stream, limit: EVENTS_PER_PAGE, bytesMax: EVENTS_BYTES_MAX }
  for (let after = 0, more = true; more; ) {
    const read = await journal.readPage({ ...page, after })
    for (const event of read.events.map(upcastEvent)) {
      if (event.position > position || event.seq > seqMax) return
      yield event
      after = event.seq
    }
    more = read.more
  }
}

/** A reader for whom the payloads are gone that an erasure names; they may still be in the table at this moment. */
export function withoutErased(
  reader: JournalReader,
  { erasureId, isErased }: { erasureId: string; isErased: (seq: number) => boolean },
): JournalReader {
  const readPage: JournalReader['readPage'] = async (query) => {
    const { events, more } = await reader.readPage(query)
    return {
      events: events.map((event) => (isErased(event.seq) ? withoutPayload(event, erasureId) : event)),
      more,
    }
  }
  return { ...reader, readPage, page: async (query) => (await readPage(query)).events }
}
