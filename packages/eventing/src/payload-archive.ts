import { gunzipSync } from 'node:zlib'
import { DaybookError } from '@daybook/errors'
import {
  archiveIdOf,
  canonicalJson,
  checksumOf,
  type JournalEvent,
  type JsonObject,
  withoutPayload,
} from '@daybook/events'
import { type ObjectStore, openObjectStore } from '@daybook/object-store'
import { readBundle } from './read-bundle.ts'

/** Where payloads are that are not in the table any more. */
export interface PayloadArchive {
  /**
   * The events with the payloads that the archive has. Ends before the event with which the archived payloads would
   * pass `bytesMax`, yet always gives one. Every payload has the checksum of its event. Code: `archive-unavailable`.
   */
  fill(events: JournalEvent[], bytesMax: number): Promise<JournalEvent[]>
}

/** For who was not told of an archive: an event whose payload is in one cannot be read. */
export const noArchive: PayloadArchive = {
  async fill(events) {
    const archived = events.find((event) => archiveIdOf(event) !== undefined)
    if (archived === undefined) return events
    throw unavailable(archived, 'this process is not told where the archive is (ARCHIVE_TO)')
  },
}

/** For who looks at headers, and takes what is archived as it is. */
export const leaveArchived: PayloadArchive = { fill: async (events) => events }

/** The settings of an archive, as services have them. */
interface ArchiveSettings {
  ARCHIVE_TO?: string
  ARCHIVE_S3_ENDPOINT?: string
  ARCHIVE_S3_REGION?: string
  ARCHIVE_S3_ACCESS_KEY_ID?: string
  ARCHIVE_S3_SECRET_ACCESS_KEY?: string
}

/** The store that a service's settings name; undefined when they name none. Errors: `invalid-usage`. */
export function archiveStoreOf(settings: ArchiveSettings): ObjectStore | undefined {
  if (settings.ARCHIVE_TO === undefined) return undefined
  return openObjectStore(settings.ARCHIVE_TO, {
    endpoint: settings.ARCHIVE_S3_ENDPOINT,
    region: settings.ARCHIVE_S3_REGION,
    accessKeyId: settings.ARCHIVE_S3_ACCESS_KEY_ID,
    secretAccessKey: settings.ARCHIVE_S3_SECRET_ACCESS_KEY,
  })
}

/** The name of a bundle in the archive's store. */
export function bundleName(tenant: string, archiveId: string): string {
  return `${tenant}/${archiveId}.jsonl.gz`
}

/** What the bundles that are at hand may take, as the length of their text: a page of runs that are read together. */
const CACHE_BYTES_MAX = 64 * 1024 * 1024
/** A bundle is written again when payloads in it are erased; what is held of it must not stay for long. */
const CACHE_MS = 60_000
/** Inflated; more than any bundle that is written. */
const BUNDLE_BYTES_MAX = 1024 * 1024 * 1024

interface CachedBundle {
  readAtMs: number
  bytes: number
  bySeq: ReadonlyMap<number, BundledPayload>
}

/** A payload in a bundle, or the id of the erasure that took it. */
export interface BundledPayload {
  data: JsonObject
  bytes: number
  erasureId: string | undefined
}

/** Reads payloads out of the bundles of a store, and keeps the last ones at hand. */
export function payloadArchive(store: ObjectStore): PayloadArchive {
  const cache = new Map<string, CachedBundle>()

  const load = async (event: JournalEvent, archiveId: string): Promise<CachedBundle> => {
    const name = bundleName(event.tenant, archiveId)
    const cached = cache.get(name)
    if (cached !== undefined && performance.now() - cached.readAtMs < CACHE_MS) return cached
    const bundle = await read(store, name, event)
    cache.delete(name)
    cache.set(name, bundle)
    dropOldest(cache)
    return bundle
  }

  return {
    async fill(events, bytesMax) {
      if (!events.some((event) => archiveIdOf(event) !== undefined)) return events
      const filled: JournalEvent[] = []
      let bytes = 0
      for (const event of events) {
        const archiveId = archiveIdOf(event)
        const payload =
          archiveId === undefined ? undefined : (await load(event, archiveId)).bySeq.get(event.seq)
        if (archiveId !== undefined && payload === undefined)
          throw unavailable(event, 'its bundle does not have it')
        bytes += payload?.bytes ?? 0
        if (filled.length > 0 && bytes > bytesMax) break
        filled.push(payload === undefined ? event : withPayload(event, payload))
      }
      return filled
    },
  }
}

function dropOldest(cache: Map<string, CachedBundle>): void {
  let bytes = [...cache.values()].reduce((sum, bundle) => sum + bundle.bytes, 0)
  for (const [name, bundle] of cache) {
    // The one that was just read stays, however large it is: somebody waits for it.
    if (bytes <= CACHE_BYTES_MAX || cache.size === 1) return
    cache.delete(name)
    bytes -= bundle.bytes
  }
}

/** An erasure may have come between the look at the table and the look at the bundle. */
function withPayload(event: JournalEvent, { data, erasureId }: BundledPayload): JournalEvent {
  if (erasureId !== undefined) return withoutPayload(event, erasureId)
  if (checksumOf(canonicalJson(data)) !== event.checksum)
    throw unavailable(event, 'its bundle has another payload in its place')
  const { erased: _archived, ...whole } = event
  return { ...whole, data }
}

async function read(store: ObjectStore, name: string, event: JournalEvent): Promise<CachedBundle> {
  const file = await store.get(name).catch((cause: unknown) => {
    throw unavailable(event, `${store.location} does not answer`, cause)
  })
  if (file === undefined) throw unavailable(event, `${store.location} has no ${name}`)
  try {
    const text = gunzipSync(file, { maxOutputLength: BUNDLE_BYTES_MAX }).toString()
    const bySeq = readBundle(text, event.stream)
    return { readAtMs: performance.now(), bytes: text.length, bySeq }
  } catch (cause) {
    throw unavailable(event, `${name} in ${store.location} is not a bundle`, cause)
  }
}

function unavailable(event: JournalEvent, reason: string, cause?: unknown): DaybookError {
  const message = `The payload of ${event.stream} seq ${event.seq} is in the archive, and ${reason}.`
  return new DaybookError('archive-unavailable', message, { cause })
}
