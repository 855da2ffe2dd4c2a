import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus, inboxOfToken } from '@daybook/bus'
import { connectDaybook, type Daybook, type NewToken } from '@daybook/client'
import { subjects } from '@daybook/events'
import {
  createTempFolder,
  describeWithServer,
  freePort,
  startNats,
  startProcess,
  waitFor,
} from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyEmptyPostgres } from '../packages/cli/test/embedded-template.ts'
import { daybook as command, daybookBin } from './command.ts'
import { type Deployment, deploy } from './deployment.ts'
import { queueAppend } from './queue.ts'
import { runHistory } from './run-history.ts'

const timeoutMs = 30_000
/** The read models are to follow the messages of NATS here, not their own looks at the journal. */
const COMPARE_MS = '600000'

describeWithServer('Daybook on a NATS where everybody has a name', () => {
  let deployment: Deployment
  let daybook: Daybook

  beforeAll(async () => {
    deployment = await deploy({
      withNatsAccounts: true,
      withInbound: true,
      withCron: true,
      env: { COMPARE_MS },
    })
    daybook = await deployment.connect()
  }, 120_000)

  afterAll(async () => {
    await daybook?.[Symbol.asyncDispose]()
    await deployment?.[Symbol.asyncDispose]()
  })

  const issue = (id: string, ...scopes: NewToken['scopes']) =>
    daybook.tokens.create({ name: id, scopes, actor: { kind: 'agent', id } })

  async function dial({ id, token }: NewToken) {
    const inboxPrefix = inboxOfToken(id)
    return connectBus({
      servers: deployment.nats.url,
      name: 'holder',
      token,
      inboxPrefix,
      wait: true,
      waitMs: 2_000,
    })
  }

  async function actorsOf(stream: string): Promise<unknown[]> {
    const actors = []
    for await (const event of daybook.stream(stream)) actors.push(event.actor)
    return actors
  }

  it('lets every service in as itself', async () => {
    const { projection, inbound, cron } = deployment.services
    for (const { url } of [projection, inbound, cron]) {
      const answer = await fetch(`${url}/readyz`)
      expect(await answer.json()).toMatchObject({ checks: { bus: { detail: 'connected' } } })
    }
  })

  it('journals what holders of tokens append, by request and through the queue, in their names', async () => {
    const writer = await issue('writer', 'append')
    await using overNats = await connectDaybook({ token: writer.token, nats: deployment.nats.url, timeoutMs })
    await overNats.append(runHistory(daybook, 'requested', 2))
    const queued = runHistory(daybook, 'queued', 2)
    await using bus = await dial(writer)
    const subject = subjects.appendQueueBy('main', writer.actor)
    await bus.publishQueued(subject, JSON.stringify({ events: queued }))
    await waitFor(async () => (await actorsOf('run/queued')).length === queued.length, {
      timeoutMs,
      what: 'the run',
    })
    for (const stream of ['run/requested', 'run/queued'])
      expect(await actorsOf(stream)).toEqual(Array(queued.length).fill(writer.actor))
  })

  it('takes an admin’s events in any name, over NATS as over HTTP, and nobody else’s', async () => {
    const other = { kind: 'agent', id: 'other' } as const
    const named = runHistory(daybook, 'named', 1).map((draft, index) =>
      index === 0 ? { ...draft, actor: other } : draft,
    )
    await using chief = await deployment.connect({ overNats: true })
    await chief.append(named)
    expect((await actorsOf('run/named')).slice(0, 2)).toEqual([other, { kind: 'user', id: 'admin' }])
    const writer = await issue('writer', 'append')
    await using overNats = await connectDaybook({ token: writer.token, nats: deployment.nats.url, timeoutMs })
    const forged = runHistory(daybook, 'forged', 1).map((draft) => ({ ...draft, actor: other }))
    await expect(overNats.append(forged)).rejects.toMatchObject({ code: 'forbidden' })
    const reader = await issue('reader', 'read')
    await using readOnly = await connectDaybook({ token: reader.token, nats: deployment.nats.url, timeoutMs })
    await expect(readOnly.append(forged)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('lets a reader hear its tenant’s events as they are committed', async () => {
    const reader = await issue('listener', 'read')
    await using bus = await dial(reader)
    const heard: string[] = []
    await using _ = bus.listen('daybook.events.main.run.heard.>', ({ subject }) => void heard.push(subject))
    // The subscription is at the server when it has answered what came after it.
    await bus.whoAmI({ timeoutMs })
    await daybook.append(runHistory(daybook, 'heard', 1))
    await waitFor(() => heard.includes('daybook.events.main.run.heard.RUN_CREATED'), {
      timeoutMs,
      what: 'the event',
    })
  })

  it('sends a revoked token away within seconds, and journals what it had queued before', async () => {
    const leaver = await issue('leaver', 'append')
    await using bus = await dial(leaver)
    const events = runHistory(daybook, 'left', 1)
    await bus.publishQueued(subjects.appendQueueBy('main', leaver.actor), JSON.stringify({ events }))
    await daybook.tokens.revoke(leaver.id)
    await waitFor(() => !bus.connected, { timeoutMs: 10_000, what: 'the end of the connection' })
    await waitFor(async () => (await actorsOf('run/left')).length === events.length, {
      timeoutMs,
      what: 'the run',
    })
    await expect(dial(leaver)).rejects.toMatchObject({ code: 'unavailable' })
  }, 60_000)

  it('goes on after NATS lost its store, with what each service may do', async () => {
    await deployment.nats.kill()
    await rm(deployment.nats.storeDir, { recursive: true, force: true })
    await deployment.nats.restart()
    await daybook.append(runHistory(daybook, 'after', 2))
    await waitFor(async () => (await daybook.runs.get('after')).status === 'completed', {
      timeoutMs,
      what: 'the read model',
    })
    await waitFor(async () => (await daybook.health()).ready, { timeoutMs, what: 'everything to be ready' })
  }, 120_000)

  it('is refused nothing that it does for its work', () => {
    const { journal, projection, inbound, cron, gateway } = deployment.services
    for (const { process } of [journal, projection, inbound, cron, gateway])
      expect(process.output).not.toMatch(
        /refused something|subscription refused|Permissions Violation|could not be ensured/,
      )
  })
})

describe('the embedded stack', () => {
  it('journals what waited in the queue of a NATS that let in anybody', async () => {
    await using folder = await createTempFolder()
    const storeDir = join(folder.path, '.daybook', 'nats')
    {
      await using before = await startNats({ storeDir })
      await using bus = await connectBus({ servers: before.url, name: 'before', wait: true })
      await bus.ensureTopology()
      await using journal = await connectDaybook()
      await queueAppend(before.url, runHistory(journal, 'waited', 1))
    }
    await copyEmptyPostgres(join(folder.path, '.daybook'))
    await using stack = await startProcess({
      command: process.execPath,
      args: [daybookBin, 'up', '--port', String(await freePort()), '--nats-port', String(await freePort())],
      cwd: folder.path,
      stopSignal: 'SIGINT',
      readyWhen: /Daybook is running/,
      readyTimeoutMs: 90_000,
    })
    const status = await waitFor(
      async () => {
        const { code, stdout } = await command(['run:status', 'waited', '--json'], { cwd: folder.path })
        return code === 0 ? stdout : undefined
      },
      { timeoutMs, what: 'the run' },
    )
    expect(JSON.parse(status)).toMatchObject({ state: expect.any(String) })
    await stack.stop()
  }, 180_000)
})
