import { DaybookError } from '@daybook/errors'
import type { Static } from 'typebox'
import type { Generation } from './generation.ts'
import type { projectionSchema, rebuildSchema } from './http/projection-schemas.ts'
import { type JournalReader, journalReader } from './journal-reader.ts'
import { etaSeconds } from './progress.ts'
import { startProjection } from './projection.ts'
import type { Projection, ProjectionSpec } from './projection-spec.ts'
import { type Rebuilds, startRebuilds } from './rebuild.ts'
import { type PartVerified, type RowsVerification, verifyRows } from './verify.ts'

/** A projection at work, with what can be asked about it and done to it. */
export interface ServedProjection<DB> {
  name: string
  version: number
  kinds: readonly string[]
  projection: Projection<DB>
  rebuilds: Rebuilds
  journal: JournalReader
  /** Compares rows of a tenant, from behind the stream `after` on, for about so long. */
  verify(query: { tenant: string; after: string; workMs: number }): Promise<PartVerified>
}

/** Starts a projection with generations, and its rebuilds. Disposing it ends both. */
export function serveProjection<DB, Row>(
  spec: ProjectionSpec<DB>,
  rows: RowsVerification<DB, Row>,
): ServedProjection<DB> & AsyncDisposable {
  const stack = new AsyncDisposableStack()
  const projection = stack.use(startProjection(spec))
  const rebuilds = stack.use(startRebuilds(spec, { onSwitched: () => projection.compareNow() }))
  const { name, version, kinds, database } = spec
  return {
    name,
    version,
    kinds,
    projection,
    rebuilds,
    journal: journalReader(database.kysely),
    verify: (query) => verifyRows(projection, rows, query),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Code: `not-found`. */
export function findServed<DB>(served: readonly ServedProjection<DB>[], name: string): ServedProjection<DB> {
  const found = served.find((projection) => projection.name === name)
  if (found !== undefined) return found
  throw new DaybookError('not-found', `There is no projection ${name}. GET /v1/projections lists them.`)
}

/** How far it is, and the rebuild under way. */
export async function describeProjection<DB>(
  served: ServedProjection<DB>,
): Promise<Static<typeof projectionSchema>> {
  const { name, version, kinds, projection, rebuilds, journal } = served
  const [{ position: head }, progress, generations] = await Promise.all([
    journal.head(),
    rebuilds.progress(),
    rebuilds.list(),
  ])
  const { position, parkedStreams, failure } = projection
  return {
    name,
    version,
    kinds: [...kinds],
    position,
    head,
    lag: Math.max(0, head - position),
    parkedStreams,
    failure: failure?.detail ?? null,
    rebuild: progress === undefined ? null : describeRebuild(progress, head),
    generations: generations.map(({ build: _build, tables: _tables, ...generation }) => generation),
  }
}

function describeRebuild(
  { generation: building, position }: { generation: Generation; position: number },
  head: number,
): Static<typeof rebuildSchema> {
  const { generation, version, reason, requestedAt, build } = building
  const eta = etaSeconds(position, head, build.eventsPerSecond)
  return { generation, version, reason, requestedAt, ...build, position, head, etaSeconds: eta }
}
