import type { Decider } from '@daybook/eventing'
import {
  decideRun,
  effectIdOf,
  evolveRun,
  type JournalEvent,
  type RunCommand,
  type RunSummary,
  type RunToDecide,
  withoutPayload,
} from '@daybook/events'

/** For events that count by their type alone here. */
const PASSED_OVER = 'passed over'

/**
 * Decides commands on a run as `decideRun` does. The state holds the effects that are named here and no others, however
 * many the run has: of theirs, it is only counted how many are pending.
 */
export function runDecider(effectIds: Iterable<string>): Decider<RunToDecide, RunCommand> {
  const named = new Set(effectIds)
  return {
    initial: { run: undefined, effects: new Map(), createdChecksum: undefined },
    decide: decideRun,
    evolve: (state, event) => {
      const effectId = effectIdOf(event)
      if (effectId !== undefined && !named.has(effectId))
        return { ...state, run: evolveByType(state.run, event) }
      const known = effectId === undefined ? undefined : state.effects.get(effectId)
      const { run, effect } = evolveRun({ run: state.run, effect: known }, event)
      const createdChecksum =
        event.type === 'RUN_CREATED' ? (state.createdChecksum ?? event.checksum) : state.createdChecksum
      return { run, effects: withEffect(state.effects, effectId, effect), createdChecksum }
    },
  }
}

function withEffect(
  effects: RunToDecide['effects'],
  effectId: string | undefined,
  effect: ReturnType<typeof evolveRun>['effect'],
): RunToDecide['effects'] {
  if (effectId === undefined || effect === undefined) return effects
  return new Map(effects).set(effectId, effect)
}

/** As if it were not known which effect it was. Its payload is not erased, so it is not counted as such. */
function evolveByType(before: RunSummary | undefined, event: JournalEvent): RunSummary | undefined {
  const { run } = evolveRun({ run: before, effect: undefined }, withoutPayload(event, PASSED_OVER))
  if (run === undefined) return undefined
  const { erasedTotal: _passedOver, ...rest } = run
  return { ...rest, ...(before?.erasedTotal !== undefined && { erasedTotal: before.erasedTotal }) }
}
