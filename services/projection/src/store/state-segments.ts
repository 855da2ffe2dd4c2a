import type { Effect, RunSummary } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { Segment, Stretch } from '../time-travel/segment.ts'
import type { Touch } from '../time-travel/touch.ts'
import type { StreamKey } from './events.ts'

/** The segments of one stream that one version of the fold made. */
export interface SegmentsKey extends StreamKey {
  fold: number
}

/** What a segment changed, without what it changed it to. */
export interface TouchedSegment extends Stretch {
  touched: Touch[]
}

type TouchTuple = [effectId: string, requestedSeq: number, resolvedSeq: number, isNoted: 0 | 1]

/** Four values instead of four members: of a long run some thousands are read. No seq is 0. */
function tupleOf({ effectId, requestedSeq, resolvedSeq = 0, isNoted }: Touch): TouchTuple {
  return [effectId, requestedSeq, resolvedSeq, isNoted ? 1 : 0]
}

function fromTuple([effectId, requestedSeq, resolvedSeq, isNoted]: TouchTuple): Touch {
  return { effectId, requestedSeq, resolvedSeq: resolvedSeq || undefined, isNoted: isNoted === 1 }
}

/** Which segments there are that end at `seq` or before it, in order; only those whose last event the journal still has. */
export async function listStretches(
  executor: QueryExecutorProvider,
  { tenant, stream, fold }: SegmentsKey,
  seq: number,
): Promise<Stretch[]> {
  const { rows } = await sql<Stretch>`
    select after_seq as "afterSeq", segment.seq from projection.state_segments segment
    cross join lateral (
      select hash from journal.events event
      where event.tenant = ${tenant} and event.stream = ${stream} and event.seq = segment.seq
        and event.position = segment.position
      limit 1 -- the key is unique; this makes the planner look each one up, also without statistics
    ) event
    where tenant = ${tenant} and stream = ${stream} and fold = ${fold}::integer and segment.seq <= ${seq}
      and encode(event.hash, 'hex') = segment.hash
    order by segment.seq`.execute(executor)
  return rows
}

/** The run as of the end of a segment. */
export async function findSegmentRun(
  executor: QueryExecutorProvider,
  { tenant, stream, fold }: SegmentsKey,
  seq: number,
): Promise<RunSummary | undefined> {
  const { rows } = await sql<{ state: string }>`
    select state from projection.state_segments
    where tenant = ${tenant} and stream = ${stream} and fold = ${fold}::integer and seq = ${seq}`.execute(
    executor,
  )
  const [row] = rows
  if (row === undefined) return undefined
  const run: RunSummary = JSON.parse(row.state)
  return run
}

/** What the segments that end at these seqs changed, newest first. */
export async function listTouched(
  executor: QueryExecutorProvider,
  { tenant, stream, fold }: SegmentsKey,
  seqs: readonly number[],
): Promise<TouchedSegment[]> {
  const { rows } = await sql<Stretch & { touched: string }>`
    select after_seq as "afterSeq", seq, touched from projection.state_segments
    where tenant = ${tenant} and stream = ${stream} and fold = ${fold}::integer and seq = any(${seqs}::bigint[])
    order by seq desc`.execute(executor)
  return rows.map(({ touched, ...stretch }) => {
    const tuples: TouchTuple[] = JSON.parse(touched)
    return { ...stretch, touched: tuples.map(fromTuple) }
  })
}

/** The noted effects in the segments that end at these seqs, by segment and id. */
export async function listNoted(
  executor: QueryExecutorProvider,
  { tenant, stream, fold }: SegmentsKey,
  seqs: readonly number[],
): Promise<Map<number, Map<string, Effect>>> {
  const { rows } = await sql<{ seq: number; noted: string }>`
    select seq, noted from projection.state_segments
    where tenant = ${tenant} and stream = ${stream} and fold = ${fold}::integer and seq = any(${seqs}::bigint[])`.execute(
    executor,
  )
  return new Map(
    rows.map(({ seq, noted }) => {
      const effects: Effect[] = JSON.parse(noted)
      return [seq, new Map(effects.map((effect) => [effect.effectId, effect]))]
    }),
  )
}

/**
 * Who writes segments of a stream and who removes them wait for each other until the end of their transactions: what is
 * to go is either there already and goes, or is not written any more.
 */
async function lockSegments(executor: QueryExecutorProvider, { tenant, stream }: StreamKey): Promise<void> {
  await sql`select pg_advisory_xact_lock(7400005, hashtext(${tenant} || ' ' || ${stream}))`.execute(executor)
}

/**
 * Keeps segments that were made of events up to `lastSeq`, the end of the stream as it was known then. Answers whether it
 * did: not if payloads were erased since, which the segments may hold. Those of earlier versions of the fold go.
 */
export async function saveSegments(
  executor: QueryExecutorProvider,
  key: SegmentsKey,
  { segments, lastSeq }: { segments: readonly Segment[]; lastSeq: number },
): Promise<boolean> {
  await lockSegments(executor, key)
  if (await wasErasedSince(executor, key, lastSeq)) return false
  const rows = segments.map(({ run, touched, noted, ...stretch }) => ({
    ...stretch,
    state: JSON.stringify(run),
    touched: JSON.stringify(touched.map(tupleOf)),
    noted: JSON.stringify(noted),
  }))
  await sql`
    delete from projection.state_segments
    where tenant = ${key.tenant} and stream = ${key.stream} and fold < ${key.fold}::integer`.execute(executor)
  await sql`
    insert into projection.state_segments (tenant, stream, fold, after_seq, seq, position, hash, state, touched, noted)
    select ${key.tenant}, ${key.stream}, ${key.fold}::integer, "afterSeq", seq, position, hash, state, touched, noted
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      "afterSeq" bigint, seq bigint, position bigint, hash text, state text, touched text, noted text)
    on conflict (tenant, stream, fold, seq) do update set after_seq = excluded.after_seq,
      position = excluded.position, hash = excluded.hash, state = excluded.state, touched = excluded.touched,
      noted = excluded.noted`.execute(executor)
  return true
}

async function wasErasedSince(
  executor: QueryExecutorProvider,
  { tenant, stream }: StreamKey,
  lastSeq: number,
): Promise<boolean> {
  const { rows } = await sql`
    select from journal.streams s join journal.events event
      on event.tenant = s.tenant and event.stream = s.stream
        and event.position between s.first_position and s.last_position
    where s.tenant = ${tenant} and s.stream = ${stream} and event.seq > ${lastSeq}
      and event.type = 'RUN_PAYLOADS_ERASED' limit 1`.execute(executor)
  return rows.length > 0
}

/** Forgets all segments of a stream, whatever made them. In the transaction that tells of an erasure. */
export async function removeSegments(executor: QueryExecutorProvider, key: StreamKey): Promise<void> {
  await lockSegments(executor, key)
  await sql`
    delete from projection.state_segments where tenant = ${key.tenant} and stream = ${key.stream}`.execute(
    executor,
  )
}
