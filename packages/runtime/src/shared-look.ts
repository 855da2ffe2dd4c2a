/** Callers share one look while it is under way, and what it found for `freshMs` after that. What fails is not kept. */
export function sharedLook<T>(look: () => Promise<T>, freshMs = 0): () => Promise<T> {
  let found: Promise<T> | undefined
  let freshUntilMs = 0
  return () => {
    if (found !== undefined && performance.now() < freshUntilMs) return found
    freshUntilMs = Number.POSITIVE_INFINITY
    found = look().then(
      (value) => {
        freshUntilMs = performance.now() + freshMs
        return value
      },
      (error: unknown) => {
        freshUntilMs = 0
        throw error
      },
    )
    return found
  }
}
