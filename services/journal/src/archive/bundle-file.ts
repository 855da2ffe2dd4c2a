import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Database } from '@daybook/database'
import type { PayloadArchive } from '@daybook/eventing'
import { parseBundleLine, verifyBundle } from '@daybook/events'
import { openBundle } from '../bundle.ts'
import type { ArchiveRow } from '../store/archives.ts'
import type { JournalTables } from '../store/tables.ts'

/** A bundle as it is kept: JSON Lines under gzip. */
export interface BundleFile {
  content: Buffer
  sha256: string
  /** Payloads that it holds of the archived part of the stream; those that were erased are not among them. */
  payloads: number
}

/** Writes the stream of an archive, as it is now, with what proves it. The whole of it is in memory for a moment. */
export async function writeBundle(
  parts: { database: Database<JournalTables>; archive: PayloadArchive },
  { tenant, stream, firstSeq, lastSeq }: ArchiveRow,
): Promise<BundleFile> {
  const { lines } = await openBundle(parts, { tenant, stream })
  const texts: string[] = []
  let payloads = 0
  for await (const line of lines) {
    texts.push(line, '\n')
    if (texts.length === 2) continue
    const parsed = parseBundleLine(line)
    if (!('event' in parsed)) continue
    const { event } = parsed
    const isOurs = event.stream === stream && event.seq >= firstSeq && event.seq <= lastSeq
    if (isOurs && event.erased === undefined) payloads += 1
  }
  const content = gzipSync(texts.join(''))
  return { content, sha256: sha256Of(content), payloads }
}

/** What is wrong with a bundle that a store gives back; undefined when nothing is. */
export async function findBundleFault(file: Buffer | undefined, sha256: string): Promise<string | undefined> {
  if (file === undefined) return 'it is not there'
  if (sha256Of(file) !== sha256) return 'it is not what was written'
  const lines = gunzipSync(file).toString().split('\n')
  const { fault } = await verifyBundle(lines.slice(0, -1))
  return fault?.detail
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
