export type { JsonObject, JsonValue } from '@daybook/errors'
export { actorOfSubject } from './actor-subject.ts'
export { APPEND_LIMITS, APPEND_REQUEST_LEVELS, type AppendLimits } from './append-limits.ts'
export { type Identity, isSameEvent, type PreparedRequest, parseAppendRequest } from './append-request.ts'
export {
  type Approval,
  type ApprovalDetails,
  type ApprovalStatus,
  approvalDetailsOf,
  approvalDetailsSchema,
  approvalOf,
  approvalSchema,
  approvalStatusSchema,
  BREAKPOINT,
  type Decision,
  decisionSchema,
} from './approval/approval.ts'
export { decisionKeyOf, isDecisionKey } from './approval/decision-key.ts'
export { type ApprovalExport, approvalExportLines } from './approval/export-lines.ts'
export { type ExportFault, type ExportReport, verifyApprovalExport } from './approval/verify-export.ts'
export {
  type ArchivedStream,
  archivedMark,
  archivedStreamOf,
  archiveIdOf,
} from './archive/stream-archived.ts'
export { costText, moneyText } from './audit/costs.ts'
export { actorText, deciderText } from './audit/decision.ts'
export { durationText } from './audit/duration.ts'
export { type AuditEntry, type AuditOutcome, auditEntry, isFailure } from './audit/entry.ts'
export { type AuditedApproval, type AuditedEffect, type RunAudit, RunAuditor } from './audit/run-audit.ts'
export { type BlobRef, blobRefSchema, isBlobRef } from './blob.ts'
export {
  type BundleEnd,
  type BundleEntry,
  type BundleManifest,
  type InclusionProof,
  inclusionProofSchema,
  parseBundleLine,
  parseManifest,
} from './bundle/format.ts'
export { readLines } from './bundle/lines.ts'
export { type BundleReport, type VerifyBundleOptions, verifyBundle } from './bundle/verify.ts'
export { type BundleHeading, bundleLines } from './bundle/write.ts'
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
export type { CronCommand, CronCommandOf, Slots } from './cron/command.ts'
export { decideCron } from './cron/decide.ts'
export type { CronDecision } from './cron/decision.ts'
export {
  actionSchema,
  type CronAction,
  type JobDefinition,
  jobDefinitionSchema,
  KEPT_BY_DEFAULT,
  type Schedule,
  scheduleSchema,
} from './cron/definition.ts'
export { dueAtOf, nextSlotOf } from './cron/due.ts'
export { blankRun, cronErasureOf } from './cron/erased.ts'
export { type CronHappening, type EvolvedCron, evolveCron } from './cron/evolve.ts'
export { JOB_NAME_PATTERN, RUN_NAME_PATTERN } from './cron/fields.ts'
export { jitterMsOf } from './cron/jitter.ts'
export {
  type CronJob,
  type CronRun,
  cronJobSchema,
  cronRunSchema,
  endedRunStates,
  jobPhases,
  openRunStates,
} from './cron/job.ts'
export {
  jobOfStream,
  runNameOfBackfill,
  runNameOfRequest,
  runNameOfSlot,
  slotKey,
  streamOfJob,
  targetOf,
} from './cron/names.ts'
export { actionText, scheduleText } from './cron/words.ts'
export { completeDraft, draft, type TypedDraft } from './draft.ts'
export {
  type Actor,
  type AppendRequest,
  type AppendResult,
  actorSchema,
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
export { type Erasure, erasureOf, withoutPayload } from './erasure/payloads-erased.ts'
export type { EventType } from './event-type.ts'
export { HOLDS_STREAM } from './hold/hold-events.ts'
export { createUlids, isUlid, leastUlidAt } from './id.ts'
export { blankErased, inboundErasureOf } from './inbound/blank-erased.ts'
export type { AttemptFailure, InboundCommand, QueuedReply } from './inbound/command.ts'
export { claimedBy, decideInbound, replyClaimedBy } from './inbound/decide.ts'
export type { InboundDecision } from './inbound/decision.ts'
export { evolveMessage, messageKeyOfEvent } from './inbound/evolve.ts'
export {
  claimIdSchema,
  delayMsSchema,
  failureSchema,
  LEASE_MS_MAX,
  leaseMsSchema,
  MESSAGE_KEY_PATTERN,
  messageKey as messageKeySchema,
  REPLIES_MAX,
  reasonSchema as inboundReasonSchema,
  replyNumber as replyNumberSchema,
  tokenSchema,
  workerSchema,
} from './inbound/fields.ts'
export {
  ACCOUNT_PATTERN,
  FOREIGN_ID_PATTERN,
  laneOf,
  type MessageIdentity,
  messageKeyOf,
  payloadHashOf,
  placeOfLane,
  SOURCE_PATTERN,
} from './inbound/lane.ts'
export { emptyLane, evolveLane, headOf, type LaneState, replyHeadOf } from './inbound/lane-state.ts'
export { type InboundLimits, inboundLimitsOf, inboundLimitsSchema } from './inbound/limits.ts'
export {
  type InboundMessage,
  type InboundReply,
  inboundMessageSchema,
  inboundReplySchema,
  isFinished,
  messageStates,
  replyStates,
} from './inbound/message.ts'
export { idempotencyKeySchema } from './inbound/reply-events.ts'
export { isInstant } from './instant.ts'
export { readJournalEvent } from './journal-event.ts'
export { canonicalJson } from './json/canonical.ts'
export { DEPTH_MAX, decodeUtf8, type JsonLimits, parseJson } from './json/parse.ts'
export { eventLeaf, HASH_BYTES, nodeHash } from './merkle/hash.ts'
export {
  consistencyRanges,
  inclusionRanges,
  verifyConsistency,
  verifyInclusion,
} from './merkle/proof.ts'
export { foldSubtrees, type LeafRange, type Subtree, subtreesOf } from './merkle/subtrees.ts'
export { GrowingTree, rootOf } from './merkle/tree.ts'
export {
  type Checkpoint,
  type OpenedCheckpoint,
  openCheckpoint,
  readCheckpoint,
  signCheckpoint,
} from './note/checkpoint.ts'
export {
  generateSignerKey,
  isKeyName,
  parseSignerKey,
  parseVerifierKey,
  type SignerKey,
  type VerifierKey,
} from './note/key.ts'
export { splitNotes } from './note/note.ts'
export { diffJson, type PatchOperation, patchOperationSchema } from './patch/diff.ts'
export { memberPath } from './patch/pointer.ts'
export type { PreparedDraft } from './prepared-draft.ts'
export { type EventData, type EventTypeName, eventTypes, findEventType } from './registry.ts'
export { ERASURE_NOTICES, isErasureNotice, isRecordKind, reservedDoorOf } from './reserved.ts'
export { runBodies } from './run/bodies.ts'
export { effectIdsOf, type RunCommand, type RunDecision } from './run/command.ts'
export { decideRun, type RunToDecide } from './run/decide.ts'
export { diffEffect, diffRun, type RunDocument, runDocument } from './run/document.ts'
export { runErasureOf } from './run/erased.ts'
export { evolveRun } from './run/evolve.ts'
export { json as jsonSchema } from './run/fields.ts'
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
export { type DataSchema, type JsonType, SCHEMA_DIALECT, type Scalar } from './schema/data-schema.ts'
export { readDataSchema, SCHEMA_BYTES_MAX } from './schema/read-schema.ts'
export {
  anyUserTypes,
  isUserTypeName,
  noUserTypes,
  requireUserNames,
  USER_TYPE_PATTERN,
  type UserType,
  type UserTypes,
  userTypeOf,
} from './schema/user-type.ts'
export type { SessionCommand } from './session/command.ts'
export { decideSession, type SessionToDecide } from './session/decide.ts'
export { diffLink, diffSession, type SessionDocument, sessionDocument } from './session/document.ts'
export { sessionErasureOf } from './session/erased.ts'
export { evolveSession } from './session/evolve.ts'
export { type FoldedSession, foldSession } from './session/fold.ts'
export {
  channelSchema,
  principalSchema,
  reasonSchema,
  sessionKeySchema,
  titleSchema,
} from './session/session-events.ts'
export { sessionIdOf } from './session/session-id.ts'
export {
  type LinkedRun,
  linkedRunSchema,
  type SessionSummary,
  sessionSummarySchema,
} from './session/summary.ts'
export { linkedRunIdOf, type SessionState } from './session/transition.ts'
export { parseStream, type StreamName } from './stream.ts'
export { subjects } from './subjects.ts'
export { isTenant } from './tenant.ts'
export {
  createUpcast,
  ownUpcasters,
  type Upcast,
  type UpcastEvent,
  type Upcaster,
  upcastEvent,
} from './upcast.ts'
export { type ConsistencyProof, findConsistencyFault, type KnownCheckpoint } from './verify/consistency.ts'
export { type FaultCode, faultAt, type VerificationFault } from './verify/fault.ts'
export { findInclusionFault } from './verify/inclusion.ts'
export { StreamChains, type StreamEnd } from './verify/streams.ts'
