import { LeastRecentlyUsed } from '@daybook/runtime'
import type { StateAt } from './decider.ts'

/** States that this process made or saw last, so that the next command on their stream need not read it. */
export interface RememberedStates<State> {
  get(tenant: string, stream: string): StateAt<State> | undefined
  set(tenant: string, stream: string, at: StateAt<State>): void
  forget(tenant: string, stream: string): void
  /** After the journal was restored they are of another one, and must not be tried. */
  forgetAll(): void
}

/** `weigh` says what keeping a state costs, in units of the caller; the least recently used ones give way. */
export function rememberStates<State>({
  weightMax,
  weigh,
}: {
  readonly weightMax: number
  readonly weigh: (state: State) => number
}): RememberedStates<State> {
  const kept = new LeastRecentlyUsed<StateAt<State>>(weightMax, ({ state }) => weigh(state))
  return {
    get: (tenant, stream) => kept.get(nameOf(tenant, stream)),
    set: (tenant, stream, at) => kept.set(nameOf(tenant, stream), at),
    forget: (tenant, stream) => kept.delete(nameOf(tenant, stream)),
    forgetAll: () => kept.clear(),
  }
}

/** Neither can hold a space. */
function nameOf(tenant: string, stream: string): string {
  return `${tenant} ${stream}`
}
