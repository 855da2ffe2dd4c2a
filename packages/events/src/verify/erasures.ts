import { type ArchivedStream, archivedStreamOf, archiveIdOf } from '../archive/stream-archived.ts'
import type { JournalEvent } from '../envelope.ts'
import { erasureOf } from '../erasure/payloads-erased.ts'
import { faultAt, type VerificationFault } from './fault.ts'

/** Events without payload that one archive should answer for; they are of one stream. */
interface Archived {
  readonly first: JournalEvent
  last: JournalEvent
}

/**
 * Holds events without payload against the records of their erasures and archives. A record comes after the events, or
 * (in a bundle of several streams) before them.
 */
export class Erasures {
  readonly #erasures = new Set<string>()
  readonly #erased = new Map<string, JournalEvent>()
  readonly #archives = new Map<string, ArchivedStream>()
  readonly #archived = new Map<string, Archived>()
  /** Events whose payloads were erased, and events whose payloads are in the archive. */
  erased = 0
  archived = 0

  add(event: JournalEvent): VerificationFault | undefined {
    this.#record(event)
    if (event.erased === undefined) return undefined
    if (Object.keys(event.data).length > 0) {
      return faultAt(event, 'erasure', 'it says that its payload is erased, and has one')
    }
    const archiveId = archiveIdOf(event)
    if (archiveId === undefined) this.#erase(event, event.erased.erasureId)
    else this.#archive(event, `${event.tenant} ${archiveId}`)
    return undefined
  }

  finish(): VerificationFault | undefined {
    const [event] = this.#erased.values()
    if (event !== undefined) {
      return faultAt(event, 'erasure', 'its payload is gone, and no record of an erasure names it')
    }
    for (const [name, { first, last }] of this.#archived) {
      const record = this.#archives.get(name)
      const isCovered =
        record?.stream === first.stream && record.firstSeq <= first.seq && record.lastSeq >= last.seq
      if (!isCovered)
        return faultAt(first, 'erasure', 'its payload is gone, and no record of an archive has it')
    }
    return undefined
  }

  #erase(event: JournalEvent, erasureId: string): void {
    this.erased += 1
    const name = nameOf(event.tenant, erasureId, event)
    if (!this.#erasures.has(name)) this.#erased.set(name, event)
  }

  #archive(event: JournalEvent, name: string): void {
    this.archived += 1
    const archived = this.#archived.get(name)
    if (archived === undefined) this.#archived.set(name, { first: event, last: event })
    else archived.last = event
  }

  #record(event: JournalEvent): void {
    const archive = archivedStreamOf(event)
    if (archive !== undefined) this.#archives.set(`${event.tenant} ${archive.archiveId}`, archive)
    const erasure = erasureOf(event)
    for (const entry of erasure?.events ?? []) {
      const name = nameOf(event.tenant, erasure?.erasureId ?? '', entry)
      this.#erased.delete(name)
      this.#erasures.add(name)
    }
  }
}

function nameOf(tenant: string, erasureId: string, event: { id: string; checksum: string }): string {
  return `${tenant} ${erasureId} ${event.id} ${event.checksum}`
}
