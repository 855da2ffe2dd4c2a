import { DaybookError } from '@daybook/errors'
import { startNats, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bus, connectBus } from '../src/index.ts'
import { errorOf, recordingLogger } from './recorder.ts'

const timeoutMs = 5_000
let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus
const logger = recordingLogger()

beforeAll(async () => {
  nats = await startNats()
  bus = await connectBus({ servers: nats.url, name: 'test', wait: true, inboxPrefix: '_INBOX_test' }, logger)
})

afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0)

describe('request and reply', () => {
  it('answers a request with what the responder returns', async () => {
    await using _ = bus.respond(
      'rpc.echo',
      'echo',
      (message) => `${message.text()} ${message.headers['Daybook-X']}`,
    )
    const reply = await bus.request('rpc.echo', 'hello', { timeoutMs, headers: { 'Daybook-X': 'world' } })
    expect(reply.text()).toBe('hello world')
  })

  it('carries bytes as they are', async () => {
    await using _ = bus.respond('rpc.bytes', 'echo', (message) => message.data)
    const data = Uint8Array.of(0, 255, 254, 13, 10)
    expect((await bus.request('rpc.bytes', data, { timeoutMs })).data).toEqual(Buffer.from(data))
  })

  it('answers 1,000 requests at once, each with its own answer', async () => {
    await using _ = bus.respond('rpc.many', 'many', (message) => message.text())
    const asked = Array.from({ length: 1_000 }, (_, n) => String(n))
    const replies = await Promise.all(asked.map((n) => bus.request('rpc.many', n, { timeoutMs })))
    expect(replies.map((reply) => reply.text())).toEqual(asked)
  })

  it('turns an error of the responder into the same error at the caller', async () => {
    const thrown = new DaybookError('seq-conflict', 'The stream is at 3.', { details: { actual: 3 } })
    await using _ = bus.respond('rpc.conflict', 'conflict', () => Promise.reject(thrown))
    const error = await errorOf(bus.request('rpc.conflict', '', { timeoutMs }))
    expect(error).toBeInstanceOf(DaybookError)
    expect(error).toMatchObject({
      code: 'seq-conflict',
      message: 'The stream is at 3.',
      details: { actual: 3 },
    })
  })

  it('answers an unexpected error with code internal, tells nothing of it and logs it', async () => {
    await using _ = bus.respond('rpc.broken', 'broken', (message) => String(JSON.parse(message.text())))
    const error = await errorOf(bus.request('rpc.broken', '{ not json, secret', { timeoutMs }))
    expect(error).toMatchObject({ code: 'internal', message: expect.not.stringContaining('secret') })
    expect(logger.messages()).toContain('request failed unexpectedly')
  })

  it('says that the outcome is not known when no answer comes in time', async () => {
    const never = Promise.withResolvers<string>()
    const responder = bus.respond('rpc.silent', 'silent', () => never.promise)
    const error = await errorOf(bus.request('rpc.silent', '', { timeoutMs: 50 }))
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('outcome is not known') })
    never.resolve('too late')
    await responder[Symbol.asyncDispose]()
  })

  it('says unavailable at once when nobody answers', async () => {
    const error = await errorOf(bus.request('rpc.nobody', '', { timeoutMs: 60_000 }))
    expect(error).toMatchObject({ code: 'unavailable', retry: 'later' })
  })

  it('refuses a request and an answer that are larger than the server takes (4 MB in tests)', async () => {
    await using _ = bus.respond('rpc.large', 'large', () => 'x'.repeat(5_000_000))
    const tooLargeRequest = errorOf(bus.request('rpc.large', 'x'.repeat(5_000_000), { timeoutMs }))
    expect(await tooLargeRequest).toMatchObject({ code: 'payload-too-large' })
    expect(await errorOf(bus.request('rpc.large', '', { timeoutMs }))).toMatchObject({
      code: 'payload-too-large',
    })
  })

  it('refuses a header with a line break and a subject with a space', async () => {
    const error = await errorOf(bus.request('rpc.x', '', { timeoutMs, headers: { 'Daybook-X': 'a\r\nb' } }))
    expect(error).toMatchObject({ code: 'invalid-request' })
    expect(() => bus.publish('a b', '')).toThrow(expect.objectContaining({ code: 'invalid-request' }))
  })

  it('gives each request to one responder of a queue group', async () => {
    await using other = await connectBus({ servers: nats.url, name: 'other', wait: true })
    const counts = [0, 0]
    const count = (n: 0 | 1) => () => {
      counts[n] = (counts[n] ?? 0) + 1
      return String(n)
    }
    await using _a = bus.respond('rpc.shared', 'shared', count(0))
    await using _b = other.respond('rpc.shared', 'shared', count(1))
    await waitFor(
      async () => {
        await bus.request('rpc.shared', '', { timeoutMs })
        return counts.every((n) => n > 0)
      },
      { timeoutMs, what: 'both responders to be asked' },
    )
    const before = sum(counts)
    await Promise.all(Array.from({ length: 50 }, () => bus.request('rpc.shared', '', { timeoutMs })))
    expect(sum(counts)).toBe(before + 50)
  })

  it('finishes the request being answered before a responder is gone', async () => {
    const entered = Promise.withResolvers<void>()
    const release = Promise.withResolvers<string>()
    const responder = bus.respond('rpc.slow', 'slow', () => {
      entered.resolve()
      return release.promise
    })
    const reply = bus.request('rpc.slow', '', { timeoutMs })
    await entered.promise
    const stopped = responder[Symbol.asyncDispose]()
    release.resolve('done')
    await stopped
    expect((await reply).text()).toBe('done')
    expect(await errorOf(bus.request('rpc.slow', '', { timeoutMs }))).toMatchObject({ code: 'unavailable' })
  })

  it('hears what is published, and goes on hearing after a listener has thrown', async () => {
    const heard: string[] = []
    await using _ = bus.listen('signal.*', (message) => {
      heard.push(`${message.subject} ${message.text()}`)
      if (heard.length === 1) throw new Error('listener bug')
    })
    bus.publish('signal.a', '1')
    bus.publish('signal.b', '2', { 'Daybook-X': 'y' })
    await waitFor(() => heard.length === 2, { timeoutMs, what: 'both signals' })
    expect(heard).toEqual(['signal.a 1', 'signal.b 2'])
    expect(logger.messages()).toContain('listener failed')
  })
})
