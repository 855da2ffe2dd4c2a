export type { JsonObject, JsonValue } from '@daybook/errors'
export { APPEND_LIMITS, APPEND_REQUEST_LEVELS, type AppendLimits } from './append-limits.ts'
export { type Identity, isSameEvent, type PreparedRequest, parseAppendRequest } from './append-request.ts'
export { type BlobRef, blobRefSchema, isBlobRef } from './blob.ts'
export {
  type ChainFault,
  type ChainStart,
  checksumOf,
  type EventHeader,
  FIRST_PREV,
  hashOf,
  hashOfHeaderText,
  headerTextOf,
  verifyChain,
} from './chain.ts'
export { draft, type TypedDraft } from './draft.ts'
export {
  type Actor,
  type AppendRequest,
  type AppendResult,
  appendRequestSchema,
  appendResultSchema,
  type Draft,
  draftSchema,
  type Expectation,
  type JournalEvent,
  journalEventSchema,
  type Receipt,
  receiptSchema,
} from './envelope.ts'
export type { EventType } from './event-type.ts'
export { createUlids, isUlid, leastUlidAt } from './id.ts'
export { isInstant } from './instant.ts'
export { readJournalEvent } from './journal-event.ts'
export { canonicalJson } from './json/canonical.ts'
export { DEPTH_MAX, decodeUtf8, type JsonLimits, parseJson } from './json/parse.ts'
export type { PreparedDraft } from './prepared-draft.ts'
export { type EventData, type EventTypeName, eventTypes, findEventType } from './registry.ts'
export { evolveRun } from './run/evolve.ts'
export { type FoldedRun, foldRun } from './run/fold.ts'
export {
  type Effect,
  effectSchema,
  type RunFault,
  type RunStatus,
  type RunSummary,
  runStatusSchema,
  runSummarySchema,
} from './run/summary.ts'
export { effectIdOf, type RunState } from './run/transition.ts'
export { parseStream, type StreamName } from './stream.ts'
export { subjects } from './subjects.ts'
export { isTenant } from './tenant.ts'
