import { describeWithServer, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { deploy } from './deployment.ts'
import { expectExact, expectPublished } from './exact.ts'
import { startLoad } from './load.ts'
import { runHistory } from './run-history.ts'

/** A lease runs for ten seconds. */
const TAKEOVER_MS_MAX = 30_000

describeWithServer('Two journals, one of them stopped (SIGSTOP) in the middle of its work', () => {
  // Without the expected sequence in `publishBatch` the first one's batch comes twice, the second time out of order.
  // Without the epoch in `saveCursor` it moves the cursor back (R2 would mend that at the next start).
  it.each(['relay.before-publish', 'relay.after-publish'])(
    'publish each event once and in order when the relay wakes at %s after its lease has run out',
    async (at) => {
      await using deployment = await deploy()
      const { journal: first } = deployment.services
      await using daybook = await deployment.connect()
      await first.arm(at, { passing: 3, signal: 'SIGSTOP' })
      await deployment.endRelayLease()
      const load = startLoad(daybook, { writers: 2 })
      await first.struck()
      const second = await deployment.startJournal()
      await using other = await second.connect()
      const history = runHistory(other, `meanwhile-${at}`, 5)
      const { receipts } = await other.append(history)
      for (const { id, position } of receipts) load.acknowledged.set(id, position)
      // The second has taken over, and has published what the first was about to.
      await expectPublished(deployment, receipts.at(-1)?.position ?? 0)
      first.process.resume()
      await waitFor(() => first.process.output.includes('the relay starts over'), {
        timeoutMs: TAKEOVER_MS_MAX,
        what: 'the first relay to be stopped',
      })
      await load.stop()
      await expectExact(deployment, daybook, load.acknowledged)
    },
    180_000,
  )

  // Without remembering the ids of a write before it is tried (`noteIds`), the first one tries in vain for ten seconds.
  it('append an event once that both were asked for', async () => {
    await using deployment = await deploy()
    const { journal: first } = deployment.services
    await using daybook = await deployment.connect()
    await first.arm('append.before-write', { signal: 'SIGSTOP' })
    const history = runHistory(daybook, 'asked-twice', 5)
    const asked = daybook.append(history)
    await first.struck()
    const second = await deployment.startJournal()
    await using other = await second.connect()
    const { receipts } = await other.append(history)
    await other.append(runHistory(other, 'meanwhile', 5))
    first.process.resume()
    expect((await asked).receipts).toEqual(receipts.map((receipt) => ({ ...receipt, duplicate: true })))
    expect(receipts.map(({ position, duplicate }) => [position, duplicate])).toEqual(
      history.map((_, index) => [index + 1, false]),
    )
  }, 180_000)
})
