export { type HeadWatcher, type HeadWatcherParts, watchHead } from './head-watcher.ts'
export {
  type JournalHead,
  type JournalPage,
  type JournalReader,
  journalReader,
  type PageQuery,
} from './journal-reader.ts'
export { createProjectionMetrics, type ProjectionMetrics, readinessOf } from './observe.ts'
export { startProjection } from './projection.ts'
export type { PositionedRead, Projection, ProjectionFailure, ProjectionSpec } from './projection-spec.ts'
