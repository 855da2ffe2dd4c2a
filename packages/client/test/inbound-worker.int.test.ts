import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { openBot, untilAborted, untilState } from './inbound-bot.ts'
import { InboundServer } from './inbound-server.ts'

describe('a lost answer', () => {
  it('to a claim is asked for again, and the message has one attempt', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1')
    server.faults.push({ path: '/claim', kind: 'lose' })
    await using bot = await openBot(server, () => undefined)
    await untilState(server, key, 'completed')
    expect(server.count('INBOUND_CLAIMED')).toBe(1)
    expect(server.message(key).attempts).toBe(1)
    // Nobody knows how old that lease is.
    expect(server.story).toContain('INBOUND_EXTENDED')
    expect(bot.problems).toMatchObject([{ doing: 'claim', error: { code: 'timeout' } }])
  })

  it('to a completion is asked for again, and the work is done once', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1')
    server.faults.push({ path: '/complete', kind: 'lose' }, { path: '/complete', kind: 'lose' })
    let runs = 0
    await using bot = await openBot(server, () => {
      runs += 1
      return 'done'
    })
    await waitFor(() => server.asked('/complete') === 3, { what: 'the third attempt' })
    await untilState(server, key, 'replying')
    expect(runs).toBe(1)
    expect(server.message(key).replies).toHaveLength(1)
    expect(bot.problems.map(({ doing }) => doing)).toEqual(['tell', 'tell'])
  })

  it('to a completion ends with the lease, when somebody else had the message since', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1')
    server.faults.push({ path: '/complete', kind: 'refuse', code: 'unavailable' })
    await using bot = await openBot(server, (_message, { attempt }) => {
      if (attempt === 1) server.takeOver(key)
      return `attempt ${attempt}`
    })
    await untilState(server, key, 'replying')
    expect(server.message(key).replies).toMatchObject([{ payload: 'attempt 2' }])
    await waitFor(() => bot.problems.length > 1, { what: 'the last word of the first attempt' })
    expect(bot.problems.at(-1)).toMatchObject({ doing: 'tell', error: { code: 'lease-lost' } })
  })
})

describe('a worker', () => {
  it('goes on when the server comes back, and does not besiege it meanwhile', async () => {
    await using server = await new InboundServer().listen()
    await using bot = await openBot(server, () => undefined)
    await waitFor(() => server.asked('/claim') > 0, { what: 'the first claim' })
    await server.close()
    await waitFor(() => bot.problems.length >= 3, { what: 'attempts' })
    expect(bot.problems.every(({ retryInMs = 0 }) => retryInMs > 0)).toBe(true)
    const key = server.receive('42', '1')
    await server.listen()
    await untilState(server, key, 'completed')
  })

  it('asks a server seldom that has nothing and does not wait', async () => {
    await using server = await new InboundServer().listen()
    server.waits = false
    await using _bot = await openBot(server, () => undefined)
    await waitFor(() => server.asked('/claim') > 0, { what: 'the first claim' })
    await pause(500)
    expect(server.asked('/claim')).toBeLessThan(25)
  })

  it('ends with the refusal when its claims are refused', async () => {
    await using server = await new InboundServer().listen()
    server.faults.push({ path: '/claim', kind: 'refuse', code: 'forbidden' })
    const bot = await openBot(server, () => undefined)
    await expect(bot.done).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('a worker that is stopped', () => {
  it('lets what was begun finish', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1')
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const stop = new AbortController()
    await using bot = await openBot(
      server,
      async () => {
        begun.resolve()
        await go.promise
      },
      { signal: stop.signal },
    )
    await begun.promise
    stop.abort()
    const late = server.receive('43', '2')
    go.resolve()
    await bot.done
    expect(server.message(key).state).toBe('completed')
    expect(server.message(late)).toMatchObject({ state: 'pending', attempts: 0 })
    expect(bot.problems).toEqual([])
  })

  it('gives back what takes longer, which counts as no attempt', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1')
    const begun = Promise.withResolvers<void>()
    await using bot = await openBot(
      server,
      async (_message, { signal }) => {
        begun.resolve()
        await untilAborted({ signal })
      },
      { drainMs: 50 },
    )
    await begun.promise
    bot.stop()
    await bot.done
    expect(server.message(key)).toMatchObject({ state: 'pending', attempts: 0, failures: [] })
    expect(server.events.at(-1)).toMatchObject({ type: 'INBOUND_RELEASED', data: { reason: 'draining' } })
  })

  it('gives back what a claim brings after the stop, without its handler', async () => {
    await using server = await new InboundServer().listen()
    const { promise: until, resolve } = Promise.withResolvers<void>()
    server.faults.push({ path: '/claim', kind: 'hold', until })
    let runs = 0
    await using bot = await openBot(server, () => {
      runs += 1
    })
    const key = server.receive('42', '1')
    await waitFor(() => server.message(key).state === 'claimed', { what: 'the claim' })
    bot.stop()
    await bot.done
    resolve()
    expect(runs).toBe(0)
    expect(server.message(key)).toMatchObject({ state: 'pending', attempts: 0 })
    expect(server.story).toEqual(['INBOUND_CLAIMED', 'INBOUND_RELEASED'])
  })

  it.each(['/extend', '/complete'])('ends although the server does not answer %s any more', async (path) => {
    await using server = await new InboundServer({ leaseMs: 4_500 }).listen()
    server.receive('42', '1')
    server.faults.push({ path, kind: 'hold', until: new Promise<void>(() => undefined) })
    const asked = async () => await waitFor(() => server.asked(path) > 0, { what: path })
    await using bot = await openBot(server, path === '/extend' ? asked : () => undefined, { drainMs: 10 })
    await asked()
    const stoppedAtMs = performance.now()
    bot.stop()
    await bot.done
    // A request has 10 s; what stops has less.
    expect(performance.now() - stoppedAtMs).toBeLessThan(6_000)
    expect(bot.problems.at(-1)).toMatchObject({ doing: 'tell', error: { code: 'unavailable' } })
  })
})
