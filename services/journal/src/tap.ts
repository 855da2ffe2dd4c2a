import { type JournalEvent, parseStream, subjects } from '@daybook/events'
import type { TraceableEvent } from '@daybook/runtime'
import type { NewEvent } from './settle.ts'

/** An event as the relay sends it. */
export interface Outgoing {
  position: number
  kind: string
  subject: string
  /** The event as JSON. */
  body: string
  /** The event itself, for traces. */
  event: TraceableEvent
}

/** Events that one append has just committed; the position of each is `base` plus its offset. */
export interface Added {
  base: number
  events: readonly NewEvent[]
}

/** Some seconds of a busy journal. What is dropped is read from the table, so the bound costs speed only. */
const EVENTS_MAX = 20_000
const BYTES_MAX = 33_554_432
/** More appends than can be under way at once. */
const EARLY_MAX = 4

/**
 * Hands the relay the events that this instance committed, so that it need not read back what is still in memory.
 * Only ever an unbroken run of positions. Two appends under way at once may be heard of in either order, so what comes
 * early waits for what is missing; what another instance wrote never comes, and the relay reads it in the table.
 */
export class Tap {
  readonly #early = new Map<number, Added>()
  /** In the order of their positions. They become messages only when the relay takes them: it may fall behind. */
  #held: { position: number; event: NewEvent }[] = []
  #bytes = 0
  /** The last position that is held; the next one is taken when it comes. */
  #end = 0

  /** Takes in what was committed. Answers nothing and never fails: what it does not keep is in the table. */
  offer(added: Added): void {
    this.#early.set(added.base, added)
    // Whoever waits for so long waits for another instance: begin anew with what there is.
    if (this.#held.length === 0 || this.#early.size > EARLY_MAX)
      this.#restart(Math.min(...this.#early.keys()))
    for (let next = this.#early.get(this.#end); next !== undefined; next = this.#early.get(this.#end)) {
      this.#early.delete(next.base)
      this.#append(next)
    }
    if (this.#held.length > EVENTS_MAX || this.#bytes > BYTES_MAX) this.#restart(this.#end)
  }

  /** Forgets everything: after a restore the events of these positions are others. */
  clear(): void {
    this.#early.clear()
    this.#restart(0)
  }

  /** The events right after a position, at most so many and so large; none if it does not hold the next one. */
  take(after: number, limit: number, bytesMax: number): Outgoing[] {
    const [first] = this.#held
    if (first === undefined || first.position > after + 1) return []
    const start = after + 1 - first.position
    let bytes = 0
    const end = this.#held.findIndex(({ event }, index) => {
      if (index < start) return false
      bytes += lengthOf(event)
      return index - start >= limit || (index > start && bytes > bytesMax)
    })
    const taken = this.#held.slice(start, end === -1 ? undefined : end)
    // What lies before has been published, and is never asked for again by this relay.
    for (const { event } of this.#held.splice(0, start)) this.#bytes -= lengthOf(event)
    return taken.map(fromNew)
  }

  #append({ base, events }: Added): void {
    for (const event of events) {
      this.#held.push({ position: base + event.offset, event })
      this.#bytes += lengthOf(event)
    }
    this.#end = base + events.length
  }

  #restart(end: number): void {
    this.#held = []
    this.#bytes = 0
    this.#end = end
  }
}

/** About what an event takes; what is added to it is small and the same for all. */
function lengthOf({ headerText, data }: NewEvent): number {
  return headerText.length + data.length
}

/** Header and payload are JSON already: they are put in as they are. */
function fromNew({ position, event }: { position: number; event: NewEvent }): Outgoing {
  const { kind, header, headerText, data, hash } = event
  const body = `${headerText.slice(0, -1)},"position":${position},"hash":"${hash}","data":${data}}`
  return { position, kind, subject: subjects.event(header), body, event: header }
}

/** The same for an event that was read from the table. */
export function fromJournal(event: JournalEvent): Outgoing {
  const { kind } = parseStream(event.stream)
  return {
    position: event.position,
    kind,
    subject: subjects.event(event),
    body: JSON.stringify(event),
    event,
  }
}
