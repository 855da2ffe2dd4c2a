import type { Daybook } from '@daybook/client'
import { describeWithServer, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Deployment, deploy } from './deployment.ts'
import { expectExact } from './exact.ts'
import type { Failpoint } from './failpoint.ts'
import { startLoad } from './load.ts'
import { isLong } from './long.ts'
import { isQueueEmpty, queueAppend } from './queue.ts'
import { runHistory } from './run-history.ts'

interface Case extends Partial<Failpoint> {
  service: 'journal' | 'projection'
  at: string
}

const WRITERS = 4

/**
 * Each service is killed at each of its failpoints, under load; `isLate`: while what follows is on its way. What happens
 * without the defence (those named were tried):
 * - append.after-write without the unique ids: what was committed and not answered is there twice. With them, but without
 *   the second look after a violation: `internal` for what had been committed.
 * - relay.after-publish without asking the stream for its end (R2): the same events again.
 * - projection.before-commit with the checkpoint outside of the transaction: events that no run shows.
 */
const cases: Case[] = [
  { service: 'journal', at: 'append.before-write', passing: 5 },
  { service: 'journal', at: 'append.before-write', passing: 5, isLate: true },
  { service: 'journal', at: 'append.after-write', passing: 5 },
  { service: 'journal', at: 'relay.after-lease' },
  { service: 'journal', at: 'relay.before-publish', passing: 3 },
  { service: 'journal', at: 'relay.before-publish', passing: 3, isLate: true },
  { service: 'journal', at: 'relay.after-publish', passing: 3 },
  { service: 'journal', at: 'relay.after-save', passing: 2 },
  { service: 'projection', at: 'projection.before-commit', passing: 2 },
  { service: 'projection', at: 'projection.before-commit', passing: 2, isLate: true },
  { service: 'projection', at: 'projection.after-commit', passing: 2 },
]

/** The late ones are variations: they take their half minute only where time does not matter. */
const chosen = cases.filter(({ isLate }) => isLate !== true || isLong)

describeWithServer('Daybook killed at its most delicate moments', () => {
  let deployment: Deployment
  let daybook: Daybook
  const acknowledged = new Map<string, number>()

  beforeAll(async () => {
    deployment = await deploy()
    daybook = await deployment.connect()
  })

  afterAll(async () => {
    await daybook[Symbol.asyncDispose]()
    await deployment[Symbol.asyncDispose]()
  })

  it.each(chosen)(
    'is exact after a kill at $at (passing $passing, late: $isLate)',
    async (failpoint) => {
      const { service, at, ...rest } = failpoint
      const victim = deployment.services[service]
      const load = startLoad(daybook, { writers: WRITERS }, acknowledged)
      await victim.arm(at, rest)
      await deployment.endRelayLease()
      await victim.struck()
      expect((await victim.process.ended).signal).toBe('SIGKILL')
      await victim.process.restart()
      await deployment.endRelayLease()
      const goal = acknowledged.size + 50
      await waitFor(() => acknowledged.size >= goal, { timeoutMs: 30_000, what: 'appends after the kill' })
      await load.stop()
      await expectExact(deployment, daybook, acknowledged)
    },
    180_000,
  )

  // Acknowledged before the commit, the first would be lost; without the unique ids, the second would come twice.
  it('appends what was queued once after kills before and after the commit', async () => {
    const { journal } = deployment.services
    const histories = []
    for (const at of ['append.before-write', 'append.after-write']) {
      await journal.arm(at)
      const history = runHistory(daybook, `queued-${at}`, 5)
      histories.push(history)
      await queueAppend(deployment.nats.url, history)
      await journal.struck()
    }
    await journal.process.restart()
    await deployment.endRelayLease()
    // JetStream gives a message that was under way to somebody else after thirty seconds.
    await waitFor(() => isQueueEmpty(deployment.nats.url), { timeoutMs: 60_000, what: 'an empty queue' })
    for (const history of histories) {
      const events = await Array.fromAsync(daybook.stream(history[0]?.stream ?? ''))
      expect(events.map(({ id }) => id)).toEqual(history.map(({ id }) => id))
      for (const { id, position } of events) acknowledged.set(id, position)
    }
    await expectExact(deployment, daybook, acknowledged)
  }, 180_000)

  // Built by somebody else after fifteen seconds of silence; without that it would stay half built for ever.
  it('finishes a rebuild whose builder was killed in its middle', async () => {
    const { projection } = deployment.services
    const reason = 'a kill in its middle'
    await projection.arm('projection.before-commit')
    await daybook.projections.rebuild('runs', { reason })
    await projection.struck()
    expect((await projection.process.ended).signal).toBe('SIGKILL')
    await projection.process.restart()
    const isRunning = async () => {
      const runs = (await daybook.projections.list()).projections.find(({ name }) => name === 'runs')
      return runs?.generations.some((built) => built.state === 'running' && built.reason === reason)
    }
    await waitFor(isRunning, { timeoutMs: 60_000, what: 'the rebuild to end' })
    await expectExact(deployment, daybook, acknowledged)
  }, 180_000)
})
