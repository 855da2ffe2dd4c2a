export type { DeadLetter, DeadLetterContent, Page } from './answers.ts'
export type { AppendOptions } from './append.ts'
export { type ConnectOptions, connectDaybook } from './connect.ts'
export type {
  Blobs,
  Daybook,
  DeadLetters,
  DraftInput,
  EffectFilter,
  EventFilter,
  Health,
  HealthCheck,
  ReadOptions,
  RunFilter,
  Runs,
  StreamFilter,
  StreamTailOptions,
  SubscribeOptions,
} from './daybook.ts'
export type { TailOptions } from './tail.ts'
