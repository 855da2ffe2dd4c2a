import { DaybookError } from '@daybook/errors'
import {
  APPEND_LIMITS,
  type Draft,
  type Expectation,
  parseAppendRequest,
  type Receipt,
} from '@daybook/events'
import type { Batcher } from './batcher.ts'

/** Losing so many races in a row means that something keeps writing; then the caller is told. */
const ATTEMPTS_MAX = 8

/** What the journal itself appends, decided upon what it has seen. */
export interface OwnAppend {
  events: Draft[]
  expect: Record<string, Expectation>
}

/** Appends what the journal says itself, with the limits of the code: a deployment's are for its producers. */
export function appendOwn(
  batcher: Batcher,
  tenant: string,
  { events, expect }: OwnAppend,
): Promise<Receipt[]> {
  return batcher.append({
    tenant,
    request: parseAppendRequest({ events, expect }, { limits: APPEND_LIMITS }),
  })
}

/** Decides and appends; when a stream has moved meanwhile, decides anew. What `attempt` throws otherwise goes through. */
export async function decideAnew<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      const moved = error instanceof DaybookError && error.code === 'seq-conflict'
      if (!moved || tries === ATTEMPTS_MAX) throw error
    }
  }
}
