/** `later`: the same request may succeed when it is sent again. `never`: it has to be changed first. */
export type Retry = 'never' | 'later'

/** What is true of an error whoever raised it. */
export interface CatalogueEntry {
  /** A short sentence about the code, the same each time. */
  readonly title: string
  readonly retry: Retry
}

/**
 * Every error code of Daybook. A code is a promise to callers: it is never renamed and never given another meaning.
 * HTTP statuses and exit codes are chosen at those doors and are deliberately not part of this table.
 */
export const catalogue = {
  // What was sent is not JSON that the journal can keep.
  'invalid-json': { title: 'The text is not valid JSON', retry: 'never' },
  'duplicate-json-key': { title: 'An object has the same key twice', retry: 'never' },
  'json-too-deep': { title: 'The JSON is nested too deeply', retry: 'never' },
  'unsafe-number': { title: 'A number cannot be kept exactly', retry: 'never' },
  'invalid-string': { title: 'A text holds characters that cannot be kept', retry: 'never' },
  'payload-too-large': { title: 'The payload is too large', retry: 'never' },
  'unsupported-media-type': { title: 'The media type is not supported', retry: 'never' },
  // What was sent is not a request or an event that Daybook knows.
  'invalid-request': { title: 'The request is not valid', retry: 'never' },
  'invalid-id': { title: 'The id is not a ULID', retry: 'never' },
  'no-message-id': { title: 'The message has no id by which its repetitions are recognised', retry: 'never' },
  'invalid-stream': { title: 'The stream name is not valid', retry: 'never' },
  'unknown-event-type': { title: 'The event type is not known', retry: 'never' },
  'unknown-event-version': { title: 'The version of the event type is not known', retry: 'never' },
  'wrong-stream-kind': { title: 'The event type does not belong in this kind of stream', retry: 'never' },
  'invalid-event-data': { title: 'The event data does not fit the schema of its type', retry: 'never' },
  'invalid-schema': { title: 'The schema is not one that Daybook takes', retry: 'never' },
  'too-many-schemas': { title: 'There are as many event types as one tenant may add', retry: 'never' },
  'too-many-events': { title: 'The request holds too many events', retry: 'never' },
  'invalid-schedule': { title: 'The schedule cannot be read', retry: 'never' },
  'unknown-timezone': { title: 'The time zone is not known', retry: 'never' },
  'never-fires': { title: 'The schedule has no time any more', retry: 'never' },
  // Who asks, or what they may do.
  unauthenticated: { title: 'It is not known who asks', retry: 'never' },
  forbidden: { title: 'The caller may not do this', retry: 'never' },
  // The journal or the state of the stream says no.
  'id-reused': { title: 'The id belongs to an event with other content', retry: 'never' },
  'key-reused': { title: 'The key belongs to another event of the stream', retry: 'never' },
  'schema-conflict': { title: 'The event type was added otherwise', retry: 'never' },
  'seq-conflict': { title: 'The stream is not where the request expects it', retry: 'never' },
  'invalid-transition': { title: 'The state does not allow this event', retry: 'never' },
  'legal-hold': { title: 'A legal hold forbids the erasure', retry: 'never' },
  'reserved-event-type': { title: 'Events of this type are appended by Daybook itself only', retry: 'never' },
  'already-settled': { title: 'It was settled already', retry: 'never' },
  'already-exists': { title: 'There is another one of that name', retry: 'never' },
  'already-decided': { title: 'Somebody has decided already', retry: 'never' },
  'ambiguous-id': { title: 'Several things have this id', retry: 'never' },
  'lease-lost': { title: 'The lease does not hold any more', retry: 'never' },
  'stream-parked': { title: 'The read model leaves this stream out', retry: 'never' },
  'not-found': { title: 'There is nothing under this name', retry: 'never' },
  'method-not-allowed': { title: 'The method is not allowed here', retry: 'never' },
  'invalid-cursor': { title: 'The cursor is not one that was handed out', retry: 'never' },
  'journal-restored': {
    title: 'The journal was restored from a backup; what was read may not hold',
    retry: 'never',
  },
  'verification-failed': { title: 'The record is not what was sealed', retry: 'never' },
  'damaged-run': { title: 'The run directory is damaged', retry: 'never' },
  'payload-erased': { title: 'The payload was erased', retry: 'never' },
  // Why something is a dead letter, besides the codes of what was refused.
  'event-not-applied': { title: 'A projection could not apply the event', retry: 'never' },
  undeliverable: { title: 'The queue gave the message up', retry: 'never' },
  // Not now.
  conflict: { title: 'Others change the same at the same time', retry: 'later' },
  'position-not-reached': { title: 'The read model has not reached the position yet', retry: 'later' },
  overloaded: { title: 'There is too much to do at the moment', retry: 'later' },
  'not-sealed': { title: 'No checkpoint covers this yet', retry: 'later' },
  'archive-unavailable': { title: 'A bundle of the archive cannot be read', retry: 'later' },
  unavailable: { title: 'A part that is needed cannot be reached', retry: 'later' },
  timeout: { title: 'No answer came in time; the outcome is not known', retry: 'later' },
  // The process itself.
  'invalid-usage': { title: 'The command is not used as it is meant', retry: 'never' },
  'unsafe-configuration': { title: 'The configuration is not safe to run with', retry: 'never' },
  'port-in-use': { title: 'The port is taken by another process', retry: 'never' },
  'restored-without-era': {
    title: 'The journal went back in time and is still in its old era',
    retry: 'never',
  },
  'migration-failed': { title: 'The database could not be migrated', retry: 'never' },
  internal: { title: 'Something went wrong inside Daybook', retry: 'later' },
} as const satisfies Record<string, CatalogueEntry>

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue

/** Whether `text` is a code of this version's catalogue. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(catalogue, text)
}
