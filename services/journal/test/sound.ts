import { type JournalEvent, verifyChain } from '@daybook/events'
import { expect } from 'vitest'

/** The promises about every journal: dense positions, dense seqs, valid chains, each id once. */
export function expectSound(events: readonly JournalEvent[]): void {
  expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
  expect(new Set(events.map(({ tenant, id }) => `${tenant} ${id}`)).size).toBe(events.length)
  for (const [stream, chain] of Map.groupBy(events, ({ tenant, stream }) => `${tenant} ${stream}`)) {
    expect([stream, chain.map(({ seq }) => seq)]).toEqual([stream, chain.map((_, index) => index + 1)])
    expect([stream, verifyChain(chain)]).toEqual([stream, undefined])
  }
}
