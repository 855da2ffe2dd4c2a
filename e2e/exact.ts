import type { Daybook } from '@daybook/client'
import { foldRun, type JournalEvent } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { expect } from 'vitest'
import { expectSound } from '../services/journal/test/sound.ts'
import type { Deployment } from './deployment.ts'
import { readEventStream } from './event-stream.ts'

/** Runs whose effects are compared one by one: enough to find a fault that is not in the runs themselves. */
const RUNS_LOOKED_INTO = 20

export function readAll(daybook: Daybook): Promise<JournalEvent[]> {
  return Array.fromAsync(daybook.events({ limit: 1_000 }))
}

/** The read model of runs is, to the last field, the fold of the journal. */
export async function expectFolded(daybook: Daybook, events: readonly JournalEvent[]): Promise<void> {
  const head = events.at(-1)?.position ?? 0
  // The lag returns to 0: the read model says that it has the last event.
  const last = events.at(-1)?.stream.slice('run/'.length) ?? ''
  await waitFor(() => daybook.runs.get(last, { minPosition: head }).catch(() => undefined), {
    timeoutMs: 60_000,
    what: 'the projection to catch up',
  })
  const runs = await Array.fromAsync(daybook.runs.list({ limit: 1_000 }))
  const folded = [...Map.groupBy(events, ({ stream }) => stream).values()].map((history) => foldRun(history))
  const byId = (a: { runId: string }, b: { runId: string }) => a.runId.localeCompare(b.runId)
  expect(runs.toSorted(byId)).toEqual(folded.flatMap(({ run }) => run ?? []).toSorted(byId))
  for (const { run, effects } of folded.slice(0, RUNS_LOOKED_INTO)) {
    expect(await Array.fromAsync(daybook.runs.effects(run?.runId ?? ''))).toEqual([...effects.values()])
  }
}

/** JetStream ends with the journal's last event, and has every event at most once and in order. */
export async function expectPublished(deployment: Deployment, head: number): Promise<number[]> {
  const positions = await waitFor(
    async () => {
      const read = await readEventStream(deployment.nats.url)
      return read.at(-1) === head ? read : undefined
    },
    { timeoutMs: 60_000, everyMs: 250, what: `position ${head} in JetStream` },
  )
  expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b))
  return positions
}

/**
 * Everything that was acknowledged is in the journal, once and where its receipt says; the journal is sound; JetStream
 * has all of it once and in order; the read model is its fold.
 */
export async function expectExact(
  deployment: Deployment,
  daybook: Daybook,
  acknowledged: ReadonlyMap<string, number>,
): Promise<void> {
  const events = await readAll(daybook)
  expectSound(events)
  expect(new Map(events.map(({ id, position }) => [id, position]))).toEqual(acknowledged)
  const published = await expectPublished(deployment, events.length)
  expect(published).toEqual(events.map(({ position }) => position))
  await expectFolded(daybook, events)
}
