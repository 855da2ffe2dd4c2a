import type { Draft, EventData, EventTypeName, UpcastEvent } from '@daybook/events'

/**
 * Event types of your own are a type as `daybook schema:types` writes it: the data of each version of each type, as in
 * `{ OrderPlaced: { 1: { total: number } } }`. This is the one of who has none.
 */
export type NoUserEvents = object

/** The name of an event type of your own. */
export type UserTypeName<Events extends object> = keyof Events & string

type DraftFields = Omit<Draft, 'id' | 'type' | 'v' | 'data'> & {
  /** Made when the draft is, unless given. */
  readonly id?: string
}

/** What a draft is made of; the id is made here unless given, and the compiler checks `data` against `type`. */
export type DraftInput<T extends EventTypeName> = DraftFields & {
  readonly type: T
  readonly data: EventData<T>
}

/** The same for an event type of your own, whose version has to be named: only the server knows which is the newest. */
export type UserDraftInput<Events extends object, T extends UserTypeName<Events>> = DraftFields & {
  readonly type: T
} & VersionedData<Events[T]>

type VersionedData<Versions> = {
  readonly [V in keyof Versions & number]: { readonly v: V; readonly data: Versions[V] }
}[keyof Versions & number]

/**
 * An event as it is read. Where types are named, its data is known: Daybook's own in their newest version, yours in one of
 * those that were added. An erased event has no data any more, which the compiler makes you look at.
 */
export type EventOf<T extends string, Events extends object> = string extends T
  ? UpcastEvent
  : T extends EventTypeName
    ? Typed<T, { readonly v: number; readonly data: EventData<T> }>
    : T extends UserTypeName<Events>
      ? Typed<T, VersionedData<Events[T]>>
      : UpcastEvent

type Typed<T extends string, Content> =
  | (EventFields<T> & Content & { readonly erased?: never })
  | (EventFields<T> & Required<Pick<UpcastEvent, 'v' | 'data' | 'erased'>>)

type EventFields<T extends string> = Omit<UpcastEvent, 'type' | 'v' | 'data' | 'erased'> & {
  readonly type: T
}
