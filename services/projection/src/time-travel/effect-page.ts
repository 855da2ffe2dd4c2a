import type { Effect } from '@daybook/events'
import { type Page, type PageBounds, type Place, pageOf } from './page.ts'
import { effectsAt, type RunAt } from './run-at.ts'

/** An effect, as far as its place in a list goes: lists are in the order of the requests. */
type Asked = Pick<Effect, 'effectId' | 'requestedSeq'>

/** All effects that the run had asked for. */
export async function listAll({ tracked, index }: RunAt): Promise<Place[]> {
  await index.goBack(() => false)
  const known = new Map<string, Asked>(index.found)
  for (const [effectId, { effect }] of tracked.effects) known.set(effectId, effect)
  return inOrder(known.values())
}

/** Those that were pending. */
export async function listPending({ tracked: { run, effects }, index }: RunAt): Promise<Place[]> {
  const pending = new Map<string, Asked>()
  for (const [effectId, { effect }] of effects) {
    if (effect.status === 'requested') pending.set(effectId, effect)
  }
  // Mostly it is known how many there are. Where a payload was erased, of some it is not known which ones ended.
  const most = run?.erasedTotal === undefined ? (run?.effectsPending ?? 0) : Number.POSITIVE_INFINITY
  let counted = 0
  await index.goBack(() => {
    const found = [...index.found.values()].slice(counted)
    counted = index.found.size
    for (const touch of found) {
      if (touch.resolvedSeq === undefined && !effects.has(touch.effectId)) pending.set(touch.effectId, touch)
    }
    return pending.size >= most
  })
  return inOrder(pending.values())
}

/** Those that events between two seqs changed, as of the later one; some of them may be as they were. */
export async function listTouchedSince({ tracked, index }: RunAt, seq: number): Promise<Place[]> {
  const touched = new Map<string, Asked>()
  await index.goBack((nextSeq) => nextSeq <= seq)
  for (const touch of index.found.values()) {
    if (touch.segmentSeq > seq) touched.set(touch.effectId, touch)
  }
  for (const effectId of tracked.touched) {
    const known = tracked.effects.get(effectId)
    if (known !== undefined) touched.set(effectId, known.effect)
  }
  return inOrder(touched.values())
}

function inOrder(effects: Iterable<Asked>): Place[] {
  return [...effects]
    .map(({ effectId, requestedSeq }) => ({ id: effectId, seq: requestedSeq }))
    .toSorted((a, b) => a.seq - b.seq)
}

/** A page of effects as of then. Code: `archive-unavailable`. */
export function pageOfEffects(
  at: RunAt,
  places: readonly Place[],
  bounds: PageBounds,
): Promise<Page<readonly [string, Effect]>> {
  return pageOf(places, bounds, async (chunk) => {
    const effectIds = chunk.map(({ id }) => id)
    const effects = await effectsAt(at, effectIds)
    return effectIds.map((effectId) => {
      const effect = effects.get(effectId)
      return effect && ([effectId, effect] as const)
    })
  })
}
