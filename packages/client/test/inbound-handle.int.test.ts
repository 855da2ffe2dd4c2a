import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '@daybook/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PermanentError } from '../src/index.ts'
import { openBot, untilAborted, untilState } from './inbound-bot.ts'
import { InboundServer } from './inbound-server.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('a handler', () => {
  it('gets the message with its attempt, and what it returns are the replies', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1', { text: 'Hello' })
    await using bot = await openBot(server, ({ payload, conversation }, { attempt, setResult }) => {
      setResult({ answered: true })
      return [{ text: `${attempt} ${conversation} ${JSON.stringify(payload)}` }, '', 'and this']
    })
    await untilState(server, key, 'replying')
    expect(server.message(key)).toMatchObject({
      result: { answered: true },
      replies: [{ payload: { text: '1 42 {"text":"Hello"}' } }, { payload: 'and this' }],
    })
    expect(bot.problems).toEqual([])
  })

  it('that returns nothing completes the message without a reply', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1')
    await using _bot = await openBot(server, () => undefined)
    await untilState(server, key, 'completed')
    expect(server.story).toEqual(['INBOUND_CLAIMED', 'INBOUND_COMPLETED'])
  })

  it('is one of no more than asked for at once, and the messages of a conversation keep their order', async () => {
    await using server = await new InboundServer().listen()
    const keys = ['a', 'b', 'c', 'd'].flatMap((chat) => [1, 2, 3].map((id) => server.receive(chat, `${id}`)))
    const [order, running] = [new Map<string, string>(), new Set<string>()]
    let most = 0
    await using _bot = await openBot(
      server,
      async ({ conversation, messageId, key }) => {
        running.add(key)
        most = Math.max(most, running.size)
        await pause(20)
        order.set(conversation, `${order.get(conversation) ?? ''}${messageId}`)
        running.delete(key)
      },
      { concurrency: 2 },
    )
    for (const key of keys) await untilState(server, key, 'completed')
    expect(most).toBe(2)
    expect([...order.values()]).toEqual(['123', '123', '123', '123'])
  })

  it('keeps its message for longer than the lease, however the clock of its host jumps', async () => {
    await using server = await new InboundServer({ leaseMs: 1_500 }).listen()
    const key = server.receive('42', '1')
    await using bot = await openBot(server, async () => {
      for (const [index, hours] of [1, -1, 0, -1, 1].entries()) {
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 })
        await server.until('INBOUND_EXTENDED', index + 1)
      }
    })
    await untilState(server, key, 'completed')
    // One for each third of the lease, and none in a tight loop.
    expect(server.count('INBOUND_EXTENDED')).toBeLessThan(8)
    expect(server.message(key)).toMatchObject({ attempts: 1, failures: [] })
    expect(bot.problems).toEqual([])
  })

  it('is told by its signal that somebody else has the lease, and what it does then is not told', async () => {
    await using server = await new InboundServer({ leaseMs: 10_000 }).listen()
    const key = server.receive('42', '1')
    const reasons: unknown[] = []
    await using bot = await openBot(
      server,
      async (_message, { signal, attempt }) => {
        if (attempt > 1) return 'whole'
        server.takeOver(key)
        await untilAborted({ signal }).catch(() => undefined)
        reasons.push(signal.reason)
        return 'half'
      },
      { leaseMs: 300 },
    )
    await untilState(server, key, 'replying')
    await waitFor(() => reasons.length > 0, { what: 'the first handler' })
    expect(reasons).toMatchObject([{ code: 'lease-lost' }])
    expect(server.message(key).replies).toMatchObject([{ payload: 'whole' }])
    expect(bot.problems).toMatchObject([{ doing: 'extend', error: { code: 'lease-lost' } }])
    expect(server.asked('/fail')).toBe(0)
  })

  it('is told to stop when its lease has run out while the server was away', async () => {
    await using server = await new InboundServer({ leaseMs: 300 }).listen()
    server.receive('42', '1')
    const stopped = Promise.withResolvers<number>()
    await using bot = await openBot(server, async (_message, { signal, attempt }) => {
      if (attempt > 1) return
      const begunAtMs = performance.now()
      await server.close()
      await untilAborted({ signal }).catch(() => undefined)
      stopped.resolve(performance.now() - begunAtMs)
    })
    expect(await stopped.promise).toBeGreaterThan(250)
    await server.listen()
    await waitFor(() => server.story.at(-1) === 'INBOUND_COMPLETED', { what: 'the second attempt' })
    expect(server.count('INBOUND_COMPLETED')).toBe(1)
    expect(bot.problems.map(({ doing }) => doing)).toContain('extend')
  })

  it('that never ends does not hold its conversation up for ever', async () => {
    await using server = await new InboundServer({ retryBaseMs: 0, leaseMs: 10_000 }).listen()
    const key = server.receive('42', '1')
    const never = new Promise<void>(() => undefined)
    await using _bot = await openBot(server, (_message, { attempt }) => (attempt > 1 ? undefined : never), {
      timeoutMs: 100,
    })
    await untilState(server, key, 'completed')
    expect(server.message(key).failures).toMatchObject([
      { error: { class: 'TimeoutError', retryable: true } },
    ])
  })
})

describe('a handler that throws', () => {
  it('fails the attempt with the code of its error and as much of its message as is kept', async () => {
    await using server = await new InboundServer({ retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1')
    await using bot = await openBot(server, (_message, { attempt }) => {
      if (attempt === 1)
        throw Object.assign(new Error(`\u0000${'x'.repeat(3_999)}😀`), { code: 'ECONNRESET' })
      if (attempt === 2) throw new TypeError('no such member')
    })
    await untilState(server, key, 'completed')
    expect(server.message(key).failures).toMatchObject([
      { error: { class: 'ECONNRESET', message: `${'x'.repeat(3_999)}�`, retryable: true } },
      { error: { class: 'TypeError', message: 'no such member', retryable: true } },
    ])
    expect(bot.problems.map(({ doing }) => doing)).toEqual(['work', 'work'])
  })

  it('kills the message at once when its error is permanent, and the next one has its turn', async () => {
    await using server = await new InboundServer().listen()
    const [poison, next] = [server.receive('42', '1'), server.receive('42', '2')]
    await using _bot = await openBot(server, ({ messageId }) => {
      if (messageId === '1') throw new PermanentError('no such command')
    })
    await untilState(server, next, 'completed')
    expect(server.message(poison)).toMatchObject({ state: 'dead', death: { reason: 'not-retryable' } })
  })

  it('is tried again no more often than its source allows', async () => {
    await using server = await new InboundServer({ retryBaseMs: 0, maxAttempts: 3, minDeadAgeMs: 0 }).listen()
    const key = server.receive('42', '1')
    await using _bot = await openBot(server, () => Promise.reject(new Error('again')))
    await untilState(server, key, 'dead')
    expect(server.message(key)).toMatchObject({ death: { reason: 'attempts' }, attempts: 3 })
  })

  it('is tried again no sooner than its error asks for', async () => {
    await using server = await new InboundServer({ retryBaseMs: 0 }).listen()
    const keys = ['a', 'b', 'c'].map((chat) => server.receive(chat, '1'))
    const headers = { 'retry-after': 'Sat, 21 Nov 2026 10:02:00 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }
    const errors = [
      { retryAfterMs: 60_000 },
      { headers: new Headers({ 'retry-after': '90' }) },
      { response: { headers } },
    ]
    await using _bot = await openBot(server, () => {
      throw Object.assign(new Error('slow down'), errors.shift())
    })
    for (const key of keys) await untilState(server, key, 'pending')
    await waitFor(() => server.asked('/fail') === 3, { what: 'three failures' })
    const waits = server.events.flatMap(({ data }) => data['retryAfterMs'] ?? [])
    expect(waits).toEqual([60_000, 90_000, 120_000])
  })

  it('is not needed for a failure: a result that the journal does not take is one', async () => {
    await using server = await new InboundServer({ retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1')
    server.faults.push({ path: '/complete', kind: 'refuse', code: 'payload-too-large' })
    await using _bot = await openBot(server, () => 'long')
    await untilState(server, key, 'replying')
    expect(server.message(key).failures).toMatchObject([{ error: { class: 'payload-too-large' } }])
  })
})
