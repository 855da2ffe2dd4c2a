import type { Effect, RunSummary } from '@daybook/events'
import type { RunStates } from './run-states.ts'

/**
 * The states as version 1 of the read model kept them. It knew neither costs nor durations: what a fold that begins in
 * its middle finds of them is not the whole.
 */
export function asInVersion1({ runs, effects }: RunStates): RunStates {
  return {
    runs: new Map([...runs].map(([name, state]) => [name, { ...state, run: runInVersion1(state.run) }])),
    effects: new Map(
      [...effects].map(([name, state]) => [name, { ...state, effect: effectInVersion1(state.effect) }]),
    ),
  }
}

function runInVersion1({
  durationMs: _durationMs,
  waitedMs: _waitedMs,
  waitingSince: _waitingSince,
  waitedForPeopleMs: _waitedForPeopleMs,
  waitingForPeopleSince: _waitingForPeopleSince,
  workedMs: _workedMs,
  costs: _costs,
  ...run
}: RunSummary): RunSummary {
  return run
}

function effectInVersion1({
  durationMs: _durationMs,
  workedMs: _workedMs,
  costs: _costs,
  progress: _progress,
  ...effect
}: Effect): Effect {
  return effect
}
