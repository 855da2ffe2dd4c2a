export type { Page } from './answers.ts'
export type { AppendOptions } from './append.ts'
export type { ApprovalDecision, ApprovalFilter, Approvals } from './approvals.ts'
export { PermanentError } from './attempt-failure.ts'
export { type ConnectOptions, connectDaybook } from './connect.ts'
export type { Cron } from './cron.ts'
export type { BackfillAnswer, BackfillRequest, CronCommands, Why } from './cron-commands.ts'
export type { ActionInput, JobChange, NewJob, ScheduleInput } from './cron-definition.ts'
export type { RunContext, RunHandler } from './cron-handle.ts'
export type {
  CronReads,
  CronRunFilter,
  JobFilter,
  NextOptions,
  NextTime,
  NextTimes,
  ReadJob,
} from './cron-reads.ts'
export type { ClaimedRun, CronWork, HeldRun, RunClaimRequest, RunEnd, RunLease } from './cron-work.ts'
export type {
  Blobs,
  Daybook,
  EffectFilter,
  EventFilter,
  Health,
  HealthCheck,
  ReadOptions,
  ReadRun,
  RunFilter,
  Runs,
  StreamFilter,
  StreamTailOptions,
  SubscribeOptions,
} from './daybook.ts'
export type {
  DeadLetter,
  DeadLetterContent,
  DeadLetterDecision,
  DeadLetterFilter,
  DeadLetterStatus,
  DeadLetters,
  Decision,
} from './dead-letters.ts'
export type { DraftInput, EventOf, NoUserEvents, UserDraftInput, UserTypeName } from './event-types.ts'
export type { Inbound } from './inbound.ts'
export type {
  ClaimedMessage,
  ClaimRequest,
  HeldMessage,
  MessageAnswer,
  MessageCompletion,
  NewMessage,
  ReceiveAnswer,
  Release,
} from './inbound-commands.ts'
export type { SendContext, SendReply } from './inbound-deliver.ts'
export { NotSent, requireSent } from './inbound-failure.ts'
export type { HandleOptions, HandlerAnswer, HandlerContext, MessageHandler } from './inbound-handle.ts'
export type {
  InboundStats,
  MessageFilter,
  ReadMessage,
  ReplayAnswer,
  ReplayRequest,
} from './inbound-oversight.ts'
export type {
  ClaimedReply,
  HeldReply,
  InboundReplies,
  ReplyAnswer,
  ReplyFailure,
} from './inbound-replies.ts'
export type { InboundWorkerOptions } from './inbound-worker.ts'
export type {
  Moment,
  RunPast,
  RunState,
  SessionPast,
  SessionState,
  Standpoint,
  StateDifference,
} from './past.ts'
export type { ClaimOptions } from './post.ts'
export type {
  ProjectionDifference,
  ProjectionGeneration,
  ProjectionList,
  ProjectionRebuild,
  ProjectionState,
  Projections,
  ProjectionVerification,
} from './projections.ts'
export type { ArchivedPart, ErasureAnswer, ErasureRecord, Hold, Retention } from './retention.ts'
export type { EffectCommandAnswer, RunCommandAnswer, RunCommands } from './run-commands.ts'
export type { Schema, SchemaInput, SchemaSummary, Schemas } from './schemas.ts'
export type {
  NewBranch,
  NewSession,
  ReadSession,
  SessionAnswer,
  SessionFilter,
  Sessions,
} from './sessions.ts'
export type { TailOptions } from './tail.ts'
export type { NewToken, Token, TokenInput, TokenScope, Tokens } from './tokens.ts'
export type { CheckpointKey, EventProof, Verification } from './verification.ts'
export type { Worker, WorkerOptions, WorkerProblem } from './worker.ts'
export type { GrantedLease } from './worker-lease.ts'
