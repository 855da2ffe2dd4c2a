import { archiveIdOf, readJournalEvent } from '@daybook/events'
import type { BundledPayload } from './payload-archive.ts'

/**
 * The payloads of one stream in a bundle, by seq. Whether the bundle is sound is not asked here: who reads a payload
 * holds it against the checksum in the table. Throws what is wrong with a text that is not a bundle.
 */
export function readBundle(text: string, stream: string): Map<number, BundledPayload> {
  const bySeq = new Map<number, BundledPayload>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || !('event' in value)) continue
    const event = readJournalEvent(value.event)
    if (event.stream !== stream || archiveIdOf(event) !== undefined) continue
    bySeq.set(event.seq, { data: event.data, bytes: line.length, erasureId: event.erased?.erasureId })
  }
  return bySeq
}
