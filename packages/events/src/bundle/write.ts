import { createHash } from 'node:crypto'
import { BUNDLE_VERSION, type BundleEntry, type BundleManifest } from './format.ts'

/** What a bundle says of itself; that it is one, the writer adds. */
export type BundleHeading = Omit<BundleManifest, 'bundle'>

/**
 * The lines of a bundle, without line feeds; whoever writes them ends each with one `\n` and nothing else. The events
 * are taken as they come: those of a stream in the order of their seqs. Holds one line at a time.
 */
export async function* bundleLines(
  heading: BundleHeading,
  entries: AsyncIterable<BundleEntry> | Iterable<BundleEntry>,
): AsyncGenerator<string, void, undefined> {
  const digest = createHash('sha256')
  const counted = (value: BundleManifest | BundleEntry): string => {
    const line = JSON.stringify(value)
    digest.update(line).update('\n')
    return line
  }
  yield counted({ bundle: BUNDLE_VERSION, ...heading })
  let events = 0
  for await (const { event, proof } of entries) {
    yield counted(proof === undefined ? { event } : { event, proof })
    events += 1
  }
  yield JSON.stringify({ end: { events, sha256: digest.digest('hex') } })
}
