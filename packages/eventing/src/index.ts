export { type Appender, type AppenderOptions, type Author, journalAppender } from './appender.ts'
export { isFaultOfEvent } from './blame.ts'
export { forgetAfterRestore } from './commands/after-restore.ts'
export { answerCommands } from './commands/answer-commands.ts'
export { commandRoutes } from './commands/command-routes.ts'
export { type Attention, type Call, type CommandDoor, door } from './commands/door.ts'
export { streamTurns } from './commands/stream-turns.ts'
export { timed } from './commands/timed.ts'
export { wait, waitMsOf } from './commands/wait.ts'
export {
  type DecidedAhead,
  type DecidedTogether,
  decideTogether,
  type TogetherRequest,
} from './decide-together.ts'
export {
  type CommandRequest,
  type Decided,
  type DecidedEvent,
  type DecideParts,
  type Decider,
  decideLoop,
  type Executed,
  type StateAt,
} from './decider.ts'
export { asJson, type Difference, firstDifference } from './difference.ts'
export { documentsOf } from './documents.ts'
export { foldOwn } from './fold-stream.ts'
export type { Generation, GenerationState, RebuildActor } from './generation.ts'
export { type HeadWatcher, type HeadWatcherParts, watchHead } from './head-watcher.ts'
export {
  decodeCursor,
  decodeIdCursor,
  encodeCursor,
  encodeIdCursor,
  invalidCursor,
  isKeepable,
} from './http/cursor.ts'
export {
  closed,
  cursor,
  limit,
  limitOf,
  minPosition,
  next,
  POSITION_HEADER,
  text,
} from './http/parameters.ts'
export { markOfStream, marksOf, type Parked, parkedSchema } from './http/parked.ts'
export { projectionRoutes } from './http/projection-routes.ts'
export { type Exchange, readModel } from './http/read-model.ts'
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
export { PAGE_BYTES_MAX, type Page, type PageSpec, readPage } from './page.ts'
export type { LeftOutEvent, ParkedReads, ParkedStream } from './parking.ts'
export {
  archiveStoreOf,
  bundleName,
  leaveArchived,
  noArchive,
  type PayloadArchive,
  payloadArchive,
} from './payload-archive.ts'
export { startProjection } from './projection.ts'
export type {
  ApplyEvents,
  PositionedRead,
  Projection,
  ProjectionFailure,
  ProjectionSpec,
} from './projection-spec.ts'
export { type CaughtUpParts, readCaughtUp } from './read-caught-up.ts'
export { type Rebuilds, startRebuilds } from './rebuild.ts'
export { type RememberedStates, rememberStates } from './remembered-states.ts'
export { journalRestored, restoredWithoutEra } from './restored.ts'
export { changeRunning, type TablesOwner } from './running-tables.ts'
export { type ServedDoors, serveReadModels } from './serve.ts'
export { type ServedProjection, serveProjection } from './served-projection.ts'
export { migrateService, type OpenService, runService, type ServiceParts } from './service.ts'
export { generationMigrations } from './shared-migrations.ts'
export { type StreamBounds, streamEvents, withoutErased } from './stream-events.ts'
export { type StreamReader, streamReader } from './stream-reader.ts'
export { stretchesOf } from './stretches.ts'
export { textRows } from './text-rows.ts'
export {
  type Counts,
  type FoldBounds,
  type FoundDifference,
  findMissingStream,
  type PartVerified,
  type RowsVerification,
} from './verify.ts'
export { type Claim, type ClaimKind, Claims, type ClaimWish, type Got, type Patience } from './work/claims.ts'
export { openWorkFinder, type WorkFinder } from './work/finder.ts'
