import type { Static } from 'typebox'
import type { effectCancelled, effectProgress, effectRequested, effectResolved } from './effects.ts'
import type { runCancelled, runCancelRequested, runCompleted, runCreated, runFailed } from './lifecycle.ts'

type RunEventType =
  | typeof runCreated
  | typeof effectRequested
  | typeof effectResolved
  | typeof effectCancelled
  | typeof effectProgress
  | typeof runCompleted
  | typeof runFailed
  | typeof runCancelRequested
  | typeof runCancelled

/** An event that a command on a run leads to; the rest of the envelope is the journal's and the caller's. */
export type RunDecision = {
  [Type in RunEventType as Type['type']]: {
    readonly type: Type['type']
    readonly data: Static<Type['schema']>
    readonly key?: string
  }
}[RunEventType['type']]

type DataOf<Type extends RunEventType> = Static<Type['schema']>

/** A wish about one run. */
export type RunCommand =
  | { readonly name: 'create'; readonly data: DataOf<typeof runCreated> }
  | { readonly name: 'request-effects'; readonly effects: readonly DataOf<typeof effectRequested>[] }
  | {
      readonly name: 'resolve-effect'
      readonly data: DataOf<typeof effectResolved>
      /** Whether this may be what a breakpoint waits for: somebody decides who may. */
      readonly mayApprove?: boolean
    }
  | { readonly name: 'report-progress'; readonly data: DataOf<typeof effectProgress> }
  | { readonly name: 'cancel-effect'; readonly data: DataOf<typeof effectCancelled> }
  | { readonly name: 'complete'; readonly data: DataOf<typeof runCompleted> }
  | { readonly name: 'fail'; readonly data: DataOf<typeof runFailed> }
  | {
      readonly name: 'cancel'
      readonly data: DataOf<typeof runCancelled>
      /** Whoever runs the process is not asked first. */
      readonly now?: boolean
    }

/** The ids of the effects that a command names. */
export function effectIdsOf(command: RunCommand): readonly string[] {
  if (command.name === 'request-effects') return command.effects.map(({ effectId }) => effectId)
  return 'effectId' in command.data ? [command.data.effectId] : []
}
