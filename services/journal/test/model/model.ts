import type { Draft, Expectation } from '@daybook/events'

/** An event as the model has it. */
export interface ModelEvent {
  id: string
  stream: string
  seq: number
  position: number
  key: string | undefined
  data: unknown
  erasureId: string | undefined
  /** Written by the journal itself, about an erasure; nobody can erase it. */
  isNotice: boolean
}

export interface ModelRequest {
  events: Draft[]
  expect: Record<string, Expectation>
}

type Added = Pick<Draft, 'id' | 'stream' | 'key' | 'data'>

/** What the journal has to answer to a request. */
export type ModelAnswer = { code: string } | { receipts: { event: ModelEvent; duplicate: boolean }[] }

/** The journal as a map of arrays. It knows nothing of transactions, caches, or services. */
export class Model {
  readonly streams = new Map<string, ModelEvent[]>()
  /** Requests that were accepted, to be sent again. */
  readonly accepted: ModelRequest[] = []

  get events(): ModelEvent[] {
    return [...this.streams.values()].flat().toSorted((a, b) => a.position - b.position)
  }

  get head(): number {
    return this.events.length
  }

  lengthOf(stream: string): number {
    return this.streams.get(stream)?.length ?? 0
  }

  /** The events of a stream whose payloads are still there and may go. */
  erasable(stream: string): ModelEvent[] {
    const events = this.streams.get(stream) ?? []
    return events.filter(({ erasureId, isNotice }) => erasureId === undefined && !isNotice)
  }

  /** The rules of appending, once more and as plainly as possible. */
  append(request: ModelRequest): ModelAnswer {
    const earlier = request.events.map((draft) => this.#find(draft))
    const clash = request.events.findIndex((draft, index) => !isSame(earlier[index], draft))
    if (clash !== -1)
      return { code: earlier[clash]?.id === request.events[clash]?.id ? 'id-reused' : 'key-reused' }
    const isNew = earlier.includes(undefined)
    if (isNew && !Object.entries(request.expect).every(([stream, expected]) => this.#meets(stream, expected)))
      return { code: 'seq-conflict' }
    if (isNew) this.accepted.push(request)
    return {
      receipts: request.events.map((draft) => {
        const known = this.#find(draft)
        return { event: known ?? this.add(draft), duplicate: known !== undefined }
      }),
    }
  }

  add({ id, stream, key, data }: Added, isNotice = false): ModelEvent {
    const seq = this.lengthOf(stream) + 1
    const position = this.head + 1
    const event = { id, stream, seq, position, key, data, erasureId: undefined, isNotice }
    this.streams.set(stream, [...(this.streams.get(stream) ?? []), event])
    return event
  }

  #find({ id, stream, key }: Draft): ModelEvent | undefined {
    const { events } = this
    return (
      events.find((event) => event.id === id) ??
      events.find((event) => key !== undefined && event.key === key && event.stream === stream)
    )
  }

  #meets(stream: string, expected: Expectation): boolean {
    const seq = this.lengthOf(stream)
    if (expected === 'absent') return seq === 0
    return expected === 'exists' ? seq > 0 : seq === expected
  }
}

function isSame(known: ModelEvent | undefined, draft: Draft): boolean {
  return (
    known === undefined ||
    (known.stream === draft.stream &&
      known.key === draft.key &&
      JSON.stringify(known.data) === JSON.stringify(draft.data))
  )
}
