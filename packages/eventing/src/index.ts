export { type Appender, type AppenderOptions, type Author, journalAppender } from './appender.ts'
export { isFaultOfEvent } from './blame.ts'
export {
  type CommandRequest,
  type Decided,
  type DecideParts,
  type Decider,
  decideLoop,
  type Executed,
  type StateAt,
} from './decider.ts'
export type { Generation, GenerationState, RebuildActor } from './generation.ts'
export { type HeadWatcher, type HeadWatcherParts, watchHead } from './head-watcher.ts'
export { eventColumns, type JournalRow, toJournalEvent } from './journal-event.ts'
export {
  type JournalHead,
  type JournalPage,
  type JournalReader,
  journalReader,
  type PageQuery,
} from './journal-reader.ts'
export { createProjectionMetrics, type ProjectionMetrics, readinessOf } from './observe.ts'
export { observeConsumers } from './observe-consumers.ts'
export type { LeftOutEvent, ParkedReads, ParkedStream } from './parking.ts'
export {
  archiveStoreOf,
  bundleName,
  leaveArchived,
  noArchive,
  type PayloadArchive,
  payloadArchive,
} from './payload-archive.ts'
export { etaSeconds } from './progress.ts'
export { startProjection } from './projection.ts'
export type {
  ApplyEvents,
  PositionedRead,
  Projection,
  ProjectionFailure,
  ProjectionSpec,
} from './projection-spec.ts'
export { type Rebuilds, startRebuilds } from './rebuild.ts'
export { journalRestored, restoredWithoutEra } from './restored.ts'
export { type StreamReader, streamReader } from './stream-reader.ts'
