import { type Bus, connectBus } from '@daybook/bus'
import { journalReader } from '@daybook/eventing'
import { subjects } from '@daybook/events'
import { startNats, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { send } from './http.ts'
import {
  createJournalDatabase,
  type JournalDatabase,
  type JournalFixture,
  log,
  openJournalService,
} from './service-fixture.ts'

const erase = (body: object, at: JournalFixture) => send(at, 'POST', '/v1/erasures', body)

const streamOf = (stream: string, at: JournalDatabase) =>
  journalReader(at.connect().kysely).page({ tenant: 'main', stream, limit: 100 })

describe('an erasure in JetStream', () => {
  const messagesOf = async (bus: Bus, stream: string): Promise<number> => {
    let messages = 0
    const subject = subjects.event({ tenant: 'main', stream, type: 'PROCESS_LOG' })
    // Looks at all and removes none.
    await bus.removeMessages({ stream: 'DAYBOOK_EVENTS', subject }, () => {
      messages += 1
      return false
    })
    return messages
  }

  it('removes the messages of the erased events and of no others, and the relay goes on', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'look', wait: true })
    await using own = await createJournalDatabase()
    await using service = await openJournalService(own.connect(), nats.url)
    await service.append([log('run/a', '1'), log('run/b', '1'), log('run/a', '2')])
    await waitFor(async () => (await messagesOf(bus, 'run/a')) === 2, {
      timeoutMs: 20_000,
      what: 'the relay',
    })
    const { body } = await erase({ stream: 'run/a', reason: 'x' }, service)
    await waitFor(async () => (await messagesOf(bus, 'run/a')) === 0, {
      timeoutMs: 20_000,
      what: 'their removal',
    })
    expect(await messagesOf(bus, 'run/b')).toBe(1)
    await waitFor(
      async () => {
        const list = await send(service, 'GET', '/v1/erasures')
        return list.body.erasures[0].progress.stream === 'done'
      },
      { timeoutMs: 20_000, what: 'the erasure to be done everywhere' },
    )
    await service.append([log('run/b', '2')])
    await waitFor(async () => (await messagesOf(bus, 'run/b')) === 2, {
      timeoutMs: 20_000,
      what: 'the relay',
    })
    expect(body.events).toBe(2)
  })

  // Without forgetting what this process holds in memory, the payload would be published from there.
  it('is not undone by a relay that comes to the event only afterwards', async () => {
    await using nats = await startNats()
    await using own = await createJournalDatabase()
    await using service = await openJournalService(own.connect(), nats.url)
    await service.append([log('run/b', 'first')])
    await waitFor(async () => (await messagesOf(service.bus, 'run/b')) === 1, {
      timeoutMs: 20_000,
      what: 'the relay',
    })
    await nats.kill()
    await service.append([log('run/a', 'secret')])
    await erase({ stream: 'run/a', reason: 'x' }, service)
    await nats.restart()
    await waitFor(async () => (await messagesOf(service.bus, 'run/a').catch(() => 0)) === 1, {
      timeoutMs: 30_000,
      what: 'the relay',
    })
    const texts: string[] = []
    const subject = subjects.event({ tenant: 'main', stream: 'run/a', type: 'PROCESS_LOG' })
    await service.bus.removeMessages({ stream: 'DAYBOOK_EVENTS', subject }, ({ data }) => {
      texts.push(Buffer.from(data).toString())
      return false
    })
    expect(texts.map((text) => text.includes('secret'))).toEqual([false])
  })

  it('waits for NATS, while the payloads are gone already', async () => {
    await using nats = await startNats()
    await using own = await createJournalDatabase()
    await using service = await openJournalService(own.connect(), nats.url)
    await service.append([log('run/a', 'secret')])
    await waitFor(async () => (await messagesOf(service.bus, 'run/a')) === 1, {
      timeoutMs: 20_000,
      what: 'the relay',
    })
    await nats.kill()
    const { body } = await erase({ stream: 'run/a', reason: 'x' }, service)
    expect(body.progress).toEqual({ payloads: 'done', bundles: 'done', blobs: 'done', stream: 'pending' })
    expect((await streamOf('run/a', own))[0]?.erased).toBeDefined()
    await nats.restart()
    await waitFor(async () => (await messagesOf(service.bus, 'run/a').catch(() => 1)) === 0, {
      timeoutMs: 30_000,
      what: 'the removal',
    })
  })
})
