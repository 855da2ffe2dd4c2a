import type { Projection } from '@daybook/eventing'
import { type Approval, effectIdOf, type JournalEvent, parseStream, readJournalEvent } from '@daybook/events'
import type { SseFrame } from '@daybook/runtime'
import type { JournalParts, Since } from '../routes/journal.ts'
import { type TailQuery, tailEvents } from '../tail.ts'
import { type ApprovalKey, getApproval, toApproval, waitUntilRead } from './read.ts'
import { type ApprovalsFilter, findTouchedApprovals } from './store.ts'

export interface LiveParts<DB> extends JournalParts<DB> {
  projection: Projection<DB>
}

/** Events after which an approval may be another one. */
const RUN_ENDS = ['RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED']
const ANSWERS = ['EFFECT_RESOLVED', 'EFFECT_CANCELLED']
const CHANGES = ['EFFECT_REQUESTED', ...ANSWERS, ...RUN_ENDS]

/**
 * The approvals of all runs as they change, for ever: each as it is when it is read, under its status. It follows the
 * journal and reads the read model once that has come as far, so what was decided at once may be told twice as decided,
 * and never not at all.
 */
export async function* changedApprovals<DB>(
  parts: LiveParts<DB>,
  { filter, ...since }: Since & { filter: Pick<ApprovalsFilter, 'status' | 'runId'> },
  signal: AbortSignal,
): AsyncGenerator<SseFrame[]> {
  const { status, runId } = filter
  const streams = runId === undefined ? { kinds: ['run'] } : { stream: `run/${runId}` }
  for await (const frames of tailEvents(parts, tailOf(since, { ...streams, types: CHANGES }), signal)) {
    const events = eventsOf(frames)
    if (events.length === 0) {
      yield frames // how far a slow reader is behind
      continue
    }
    if (!(await waitUntilRead(parts.projection, events.at(-1)?.position ?? 0, signal))) return
    const changed = await touchedBy(parts.projection, since.tenant, events)
    const wanted = changed.filter(({ approval }) => status === undefined || approval.status === status)
    if (wanted.length > 0) yield wanted.map(({ position, approval }) => frameOf(position, approval))
  }
}

/** The approval now, and once more when it was decided or withdrawn; then it ends. */
export async function* awaitedApproval<DB>(
  parts: LiveParts<DB>,
  { key, ...since }: Since & { key: ApprovalKey },
  signal: AbortSignal,
): AsyncGenerator<SseFrame[]> {
  const { projection } = parts
  const { tenant } = since
  const read = () => projection.read(tenant, (trx) => getApproval(trx, { tenant, ...key }))
  const first = await read()
  yield [frameOf(first.position, first.value)]
  if (first.value.status !== 'pending') return
  const stream = `run/${first.value.runId}`
  const query = tailOf(
    { ...since, start: { afterPosition: first.position } },
    { stream, types: [...ANSWERS, ...RUN_ENDS] },
  )
  for await (const frames of tailEvents(parts, query, signal)) {
    const position = eventsOf(frames).at(-1)?.position ?? 0
    if (!(await waitUntilRead(projection, position, signal))) return
    const now = await read()
    if (now.value.status === 'pending') continue
    yield [frameOf(now.position, now.value)]
    return
  }
}

function tailOf({ tenant, era, start }: Since, filter: Omit<TailQuery['filter'], 'tenant'>): TailQuery {
  return { filter: { tenant, ...filter }, era, start }
}

function eventsOf(frames: readonly SseFrame[]): JournalEvent[] {
  return frames.flatMap(({ id, data }) => (id === undefined ? [] : [readJournalEvent(JSON.parse(data))]))
}

function frameOf(position: number, approval: Approval): SseFrame {
  return { id: String(position), event: approval.status, data: JSON.stringify(approval) }
}

/** The approvals that the events are about, each once, with the position of the last of its events. */
async function touchedBy<DB>(
  projection: Projection<DB>,
  tenant: string,
  events: readonly JournalEvent[],
): Promise<{ position: number; approval: Approval }[]> {
  const effects = events.flatMap((event) => {
    const effectId = effectIdOf(event)
    return effectId === undefined ? [] : [{ runId: runIdOf(event), effectId, position: event.position }]
  })
  const ends = new Map(
    events.flatMap((event) => (RUN_ENDS.includes(event.type) ? [[runIdOf(event), event.position]] : [])),
  )
  const { value: rows } = await projection.read(tenant, (trx) =>
    findTouchedApprovals(trx, { tenant, effects, endedRunIds: [...ends.keys()] }),
  )
  const positions = new Map(
    effects.map(({ runId, effectId, position }) => [nameOf({ runId, effectId }), position]),
  )
  return rows
    .map(toApproval)
    .map((approval) => {
      const position = positions.get(nameOf(approval)) ?? ends.get(approval.runId) ?? 0
      return { position, approval }
    })
    .toSorted((a, b) => a.position - b.position)
}

function runIdOf({ stream }: JournalEvent): string {
  return parseStream(stream).id
}

/** No id holds a NUL. */
function nameOf({ runId, effectId }: Pick<Approval, 'runId' | 'effectId'>): string {
  return `${runId}\u0000${effectId}`
}
