import { rm } from 'node:fs/promises'
import type { Daybook } from '@daybook/client'
import { describeWithServer, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { expectSound } from '../services/journal/test/sound.ts'
import { type Deployment, deploy } from './deployment.ts'
import { expectFolded, readAll } from './exact.ts'
import { runHistory } from './run-history.ts'

const WRITERS = 8
const EFFECTS_PER_RUN = 11
const EVENTS_PER_RUN = EFFECTS_PER_RUN * 2 + 2
/** 8 writers × 53 runs × 24 events = 10,176 events. */
const RUNS_PER_WRITER = 53

/** The writers do not get further than this without another kill, however long a restart takes: some 8 kills at least. */
const EVENTS_PER_KILL_MAX = 1_200

interface Writing {
  acknowledged: Map<string, number>
  kills: number
  done: boolean
}

/** Appends the writer's runs event by event, or a few at a time, until every one of them is acknowledged. */
async function write(daybook: Daybook, writer: number, writing: Writing): Promise<void> {
  for (let run = 0; run < RUNS_PER_WRITER; run += 1) {
    const history = runHistory(daybook, `w${writer}-r${run}`, EFFECTS_PER_RUN)
    while (history.length > 0) {
      // The size varies so that transactions of one and of many requests are hit.
      const drafts = history.splice(0, 1 + ((run + history.length) % 4))
      await waitFor(() => writing.acknowledged.size < (writing.kills + 1) * EVENTS_PER_KILL_MAX, {
        timeoutMs: 120_000,
        what: 'the next kill',
      })
      const { receipts } = await daybook.append(drafts)
      for (const { id, position } of receipts) writing.acknowledged.set(id, position)
    }
  }
}

/** Kills one part after the other, each time once the writers have got somewhere, until they are done. */
async function wreak(deployment: Deployment, writing: Writing): Promise<void> {
  const victims = [deployment.journal, deployment.projection, deployment.nats]
  while (!writing.done) {
    const goal = writing.acknowledged.size + 300
    await waitFor(() => writing.done || writing.acknowledged.size >= goal, {
      timeoutMs: 120_000,
      what: 'progress',
    })
    if (writing.done) break
    const victim = victims[Math.floor(Math.random() * victims.length)] ?? deployment.journal
    await victim.kill()
    await victim.restart()
    writing.kills += 1
  }
}

describeWithServer('Daybook under SIGKILL', () => {
  it('has every acknowledged event of ten thousand once, in dense order, with valid chains, and an exact read model', async () => {
    await using deployment = await deploy()
    await using daybook = await deployment.connect({ overNats: true })
    const writing: Writing = { acknowledged: new Map(), kills: 0, done: false }
    const writers = Promise.all(
      Array.from({ length: WRITERS }, (_, writer) => write(daybook, writer, writing)),
    ).finally(() => {
      writing.done = true
    })
    await Promise.all([writers, wreak(deployment, writing)])
    const events = await readAll(daybook)
    expect(writing.kills).toBeGreaterThan(5)
    expect(events).toHaveLength(WRITERS * RUNS_PER_WRITER * EVENTS_PER_RUN)
    expectSound(events)
    expect(new Map(events.map(({ id, position }) => [id, position]))).toEqual(writing.acknowledged)
    await expectFolded(daybook, events)
  }, 300_000)

  it('loses nothing when the JetStream store is deleted', async () => {
    await using deployment = await deploy()
    await using daybook = await deployment.connect()
    for (let run = 0; run < 20; run += 1) await daybook.append(runHistory(daybook, `before-${run}`, 5))
    await deployment.nats.kill()
    await rm(deployment.nats.storeDir, { recursive: true })
    await daybook.append(runHistory(daybook, 'meanwhile', 5))
    await deployment.nats.restart()
    await daybook.append(runHistory(daybook, 'after', 5))
    const events = await readAll(daybook)
    expect(events).toHaveLength(22 * 12)
    expectSound(events)
    await expectFolded(daybook, events)
  }, 120_000)
})
