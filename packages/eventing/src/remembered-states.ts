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
  const kept = new Map<string, { readonly at: StateAt<State>; readonly weight: number }>()
  let weight = 0
  const drop = (name: string): void => {
    weight -= kept.get(name)?.weight ?? 0
    kept.delete(name)
  }
  return {
    get(tenant, stream) {
      const name = nameOf(tenant, stream)
      const found = kept.get(name)
      if (found === undefined) return undefined
      // A Map keeps the order of insertion: the first one is the one that was not asked for the longest.
      kept.delete(name)
      kept.set(name, found)
      return found.at
    },
    set(tenant, stream, at) {
      const name = nameOf(tenant, stream)
      drop(name)
      const own = weigh(at.state)
      if (own > weightMax) return
      kept.set(name, { at, weight: own })
      weight += own
      for (const oldest of kept.keys()) {
        if (weight <= weightMax) break
        drop(oldest)
      }
    },
    forget: (tenant, stream) => drop(nameOf(tenant, stream)),
    forgetAll() {
      kept.clear()
      weight = 0
    },
  }
}

/** Neither can hold a space. */
function nameOf(tenant: string, stream: string): string {
  return `${tenant} ${stream}`
}
