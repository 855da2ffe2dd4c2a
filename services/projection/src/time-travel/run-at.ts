import type { Effect } from '@daybook/events'
import { findSegmentRun, listNoted } from '../store/state-segments.ts'
import { EffectIndex, type FoundTouch } from './effect-index.ts'
import { eventsBetween, type History, readSingly } from './history.ts'
import { effectFrom, seqsOf } from './touch.ts'
import { passEvent, type TrackedRun, unknownEffects } from './tracked-run.ts'

/** A run as of one of its events. */
export interface RunAt {
  readonly history: History
  /** As of there, with the effects that were met since the end of the last segment before. */
  readonly tracked: TrackedRun
  /** The effects as of the end of that segment. */
  readonly index: EffectIndex
}

/** The state after the event of this seq: from the last segment before it, and the events since. Code: `archive-unavailable`. */
export async function runAt(history: History, seq: number): Promise<RunAt> {
  const baseSeq = history.segments.findLast((segment) => segment.seq <= seq)?.seq ?? 0
  const run = baseSeq === 0 ? undefined : await findSegmentRun(history.trx, history.key, baseSeq)
  const tracked: TrackedRun = { seq: baseSeq, run, effects: new Map(), touched: new Set() }
  const at = { history, tracked, index: new EffectIndex(history, baseSeq) }
  for await (const events of eventsBetween(history, { after: baseSeq, upTo: seq })) {
    await meet(at, unknownEffects(tracked, events))
    for (const event of events) passEvent(tracked, event)
  }
  return at
}

/** Looks effects up, so that events can be about them. */
export async function meet(at: RunAt, effectIds: readonly string[]): Promise<void> {
  const found = await at.index.find(effectIds)
  for (const [effectId, effect] of await effectsFrom(at, found)) {
    const isNoted = at.index.found.get(effectId)?.isNoted === true
    at.tracked.effects.set(effectId, { effect, isNoted })
  }
}

/** The effects with these ids as of then; those that did not exist are left out. Code: `archive-unavailable`. */
export async function effectsAt(at: RunAt, effectIds: readonly string[]): Promise<Map<string, Effect>> {
  const { effects } = at.tracked
  const found = await at.index.find(effectIds.filter((effectId) => !effects.has(effectId)))
  const read = await effectsFrom(at, found)
  const all = effectIds.flatMap((effectId) => {
    const effect = effects.get(effectId)?.effect ?? read.get(effectId)
    return effect === undefined ? [] : [[effectId, effect] as const]
  })
  return new Map(all)
}

async function effectsFrom(
  { history, tracked: { run } }: RunAt,
  found: readonly FoundTouch[],
): Promise<Map<string, Effect>> {
  if (run === undefined || found.length === 0) return new Map()
  const events = await readSingly(history, found.flatMap(seqsOf))
  const segments = new Set(found.flatMap(({ isNoted, segmentSeq }) => (isNoted ? [segmentSeq] : [])))
  const noted = segments.size === 0 ? new Map() : await listNoted(history.trx, history.key, [...segments])
  const effects = found.flatMap((touch) => {
    const notes: Effect | undefined = noted.get(touch.segmentSeq)?.get(touch.effectId)
    const effect = effectFrom(touch, { run, events, ...(notes && { noted: notes }) })
    return effect === undefined ? [] : [[touch.effectId, effect] as const]
  })
  return new Map(effects)
}
