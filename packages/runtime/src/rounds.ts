import { Pause } from './pause.ts'

/** Work that is done again and again. */
export interface RoundsParts {
  /** Between the end of a round and the next one. */
  readonly everyMs: number
  /** One round. It may stop anywhere once the signal is aborted. */
  readonly round: (signal: AbortSignal) => Promise<void>
  /** Told what ended a round; the next one comes all the same. */
  readonly onFailure: (error: unknown) => void
}

/** Begins with a round at once. Disposing it waits for the one under way. */
export function startRounds({ everyMs, round, onFailure }: RoundsParts): AsyncDisposable {
  const stopping = new AbortController()
  const pause = new Pause()
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await round(stopping.signal)
      } catch (error) {
        onFailure(error)
      }
      if (!stopping.signal.aborted) await pause.wait(everyMs)
    }
  }
  const looping = loop()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      pause.end()
      await looping
    },
  }
}
