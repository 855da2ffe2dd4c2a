import { cp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Daybook } from '@daybook/client'
import { describeWithServer, type NatsServer, runSql, waitFor } from '@daybook/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Deployment, deploy } from './deployment.ts'
import { cutEventStream, deleteEventStream, holdDeliveries } from './event-stream.ts'
import { expectExact, expectPublished, readAll } from './exact.ts'
import { isQueueEmpty, queueAppend } from './queue.ts'
import { runHistory } from './run-history.ts'

/** The journal is the truth, and JetStream a copy: whatever happens to the copy, it is mended, and no consumer is led astray. */
describeWithServer('Daybook when JetStream loses what it acknowledged', () => {
  let deployment: Deployment
  let daybook: Daybook
  let acknowledged: Map<string, number>

  beforeEach(async () => {
    deployment = await deploy()
    daybook = await deployment.connect()
    acknowledged = new Map()
  })

  afterEach(async () => {
    await daybook[Symbol.asyncDispose]()
    await deployment[Symbol.asyncDispose]()
  })

  async function append(...runIds: string[]): Promise<void> {
    for (const runId of runIds) {
      const { receipts } = await daybook.append(runHistory(daybook, runId, 5))
      for (const { id, position } of receipts) acknowledged.set(id, position)
    }
  }

  // Without making the stream again in `findStart` a consumer that happens to be there still does (tried); with neither,
  // nobody listens on the stream's subjects, and publishing fails for ever.
  it('fills the stream again when it is deleted in a running server', async () => {
    await append('a', 'b', 'c')
    await expectPublished(deployment, acknowledged.size)
    await deleteEventStream(deployment.nats.url)
    await append('d')
    await expectExact(deployment, daybook, acknowledged)
  }, 180_000)

  // Without R3 nothing is published until the next append.
  it('fills the stream again when it is deleted and nothing is appended any more', async () => {
    await append('a', 'b', 'c')
    await expectPublished(deployment, acknowledged.size)
    await deleteEventStream(deployment.nats.url)
    await expectExact(deployment, daybook, acknowledged)
  }, 180_000)

  // Without asking the stream for its end (R2) the relay goes on behind what is missing.
  it('publishes anew what is missing when the files of the stream are cut', async () => {
    await append('a', 'b', 'c')
    await cursorSaved(deployment, acknowledged.size)
    await deployment.nats.kill()
    await cutFiles(deployment.nats)
    await deployment.nats.restart()
    await append('d')
    await expectExact(deployment, daybook, acknowledged)
  }, 180_000)

  // Without asking the stream for its end: as above. Without looking for ids: what was queued comes twice.
  it('is exact when the store is rolled back to an older copy, queue and consumers with it', async () => {
    await append('a', 'b')
    await expectPublished(deployment, acknowledged.size)
    await deployment.journal.kill()
    const queued = runHistory(daybook, 'queued', 5)
    await queueAppend(deployment.nats.url, queued)
    await using copy = await copyStore(deployment.nats)
    await deployment.journal.restart()
    await deployment.endRelayLease()
    await waitFor(async () => (await readAll(daybook)).length === 24 + queued.length, {
      timeoutMs: 30_000,
      what: 'what was queued',
    })
    await append('c', 'd')
    await cursorSaved(deployment, 24 + queued.length + 24)
    await copy.putBack()
    await append('e')
    for (const { id, position } of await readAll(daybook)) acknowledged.set(id, position)
    expect(acknowledged.size).toBe(24 + queued.length + 36)
    await expectExact(deployment, daybook, acknowledged)
    await waitFor(() => isQueueEmpty(deployment.nats.url), {
      what: 'the queue to be empty',
      timeoutMs: 30_000,
    })
    expect(await readAll(daybook)).toHaveLength(acknowledged.size)
  }, 180_000)
})

/** Waits until the relay has noted that it has published so much: then only JetStream itself can say otherwise. */
async function cursorSaved({ databaseUrl }: Deployment, position: number): Promise<void> {
  await waitFor(
    async () => {
      const [row] = await runSql(databaseUrl, 'select position::int from journal.relay')
      return row?.['position'] === position
    },
    { timeoutMs: 30_000, what: `the cursor at ${position}` },
  )
}

/** So rarely that the projection finds nothing out by comparing itself with the journal. */
const NEVER_MS = '600000'

describeWithServer('A projection that lives on messages alone', () => {
  // Without the comparison with `Daybook-Prev` the run `d` is there, and `b` and `c` are not.
  it('reads in the journal what was deleted in JetStream before it was delivered', async () => {
    await using deployment = await deploy({ projection: { env: { COMPARE_MS: NEVER_MS } } })
    await using daybook = await deployment.connect()
    const { nats } = deployment
    const seesRun = (runId: string) =>
      waitFor(() => daybook.runs.get(runId).then(({ status }) => status === 'completed'), {
        timeoutMs: 30_000,
        what: `the run ${runId}`,
      })
    await daybook.append(runHistory(daybook, 'a', 5))
    await seesRun('a')
    const release = await holdDeliveries(nats.url, 'projection-runs')
    for (const runId of ['b', 'c']) await daybook.append(runHistory(daybook, runId, 5))
    await expectPublished(deployment, 36)
    await cutEventStream(nats.url, 20)
    await daybook.append(runHistory(daybook, 'd', 5))
    await expectPublished(deployment, 48)
    await release()
    await seesRun('d')
    for (const runId of ['b', 'c']) expect((await daybook.runs.get(runId)).status).toBe('completed')
  }, 180_000)
})

/** A copy of everything that JetStream holds now; `putBack` makes the server forget what came later. */
async function copyStore(nats: NatsServer) {
  const copy = `${nats.storeDir}-copy`
  await nats.kill()
  await cp(nats.storeDir, copy, { recursive: true })
  await nats.restart()
  return {
    async putBack() {
      await nats.kill()
      await rm(nats.storeDir, { recursive: true })
      await cp(copy, nats.storeDir, { recursive: true })
      await nats.restart()
    },
    [Symbol.asyncDispose]: () => rm(copy, { recursive: true }),
  }
}

/** Takes away the second half of the file that holds the messages of DAYBOOK_EVENTS, and what the server noted about it. */
async function cutFiles({ storeDir }: NatsServer): Promise<void> {
  const entries = await readdir(storeDir, { recursive: true })
  const ofStream = entries.filter((path) => path.includes('DAYBOOK_EVENTS/msgs/'))
  const block = ofStream.find((path) => path.endsWith('.blk'))
  if (block === undefined) throw new Error(`no messages of DAYBOOK_EVENTS in ${storeDir}`)
  const path = join(storeDir, block)
  await truncate(path, Math.floor((await stat(path)).size / 2))
  for (const other of ofStream) if (!other.endsWith('.blk')) await rm(join(storeDir, other))
}
