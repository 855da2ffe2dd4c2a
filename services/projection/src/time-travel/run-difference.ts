import { diffEffect, diffRun, type PatchOperation } from '@daybook/events'
import { listTouchedSince } from './effect-page.ts'
import { type Page, type PageBounds, pageOf } from './page.ts'
import { effectsAt, type RunAt } from './run-at.ts'

/** The patch of the run itself, without its effects. */
export function runDifference(from: RunAt, to: RunAt): PatchOperation[] {
  return diffRun(from.tracked.run ?? null, to.tracked.run ?? null)
}

/**
 * The patches of the effects that changed between two states, of which either may be the later one, in the order of their
 * requests. Only what events between the two touched is looked at. Code: `archive-unavailable`.
 */
export async function effectDifferences(
  from: RunAt,
  to: RunAt,
  bounds: PageBounds,
): Promise<Page<PatchOperation[]>> {
  const [earlier, later] = from.tracked.seq <= to.tracked.seq ? [from, to] : [to, from]
  const places = await listTouchedSince(later, earlier.tracked.seq)
  return pageOf(places, bounds, async (chunk) => {
    const effectIds = chunk.map(({ id }) => id)
    const [before, after] = [await effectsAt(from, effectIds), await effectsAt(to, effectIds)]
    return effectIds.map((effectId) => {
      const patch = diffEffect(effectId, before.get(effectId), after.get(effectId))
      return patch.length === 0 ? undefined : patch
    })
  })
}
