import { freePort } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { NotSent, requireSent, type SendReply } from '../src/index.ts'
import { openBot, untilAborted, untilState } from './inbound-bot.ts'
import { InboundServer } from './inbound-server.ts'

/** A bot that answers a message with its text, and sends by what is given. */
async function openEcho(server: InboundServer, send: SendReply, options: object = {}) {
  return await openBot(server, ({ payload }) => [payload], { send, ...options })
}

describe('a reply', () => {
  it('is sent in the order of its conversation, and the receipt of the platform is kept', async () => {
    await using server = await new InboundServer().listen()
    const keys = ['1', '2', '3'].map((id) => server.receive('42', id, id))
    const [sent, keysOfReplies] = [new Array<unknown>(), new Set<string>()]
    await using bot = await openEcho(server, ({ payload }, { idempotencyKey, mayBeDuplicate }) => {
      sent.push(payload)
      keysOfReplies.add(idempotencyKey)
      return { message_id: sent.length, mayBeDuplicate }
    })
    for (const key of keys) await untilState(server, key, 'completed')
    expect(sent).toEqual(['1', '2', '3'])
    expect(keysOfReplies.size).toBe(3)
    expect(server.message(keys[2] ?? '').replies).toMatchObject([
      { state: 'sent', receipt: { message_id: 3, mayBeDuplicate: false } },
    ])
    expect(bot.problems).toEqual([])
  })

  it('that was certainly not sent is sent again, no sooner than the platform asks for', async () => {
    await using server = await new InboundServer({ retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1', 'hello')
    const body = JSON.stringify({ ok: false, error_code: 429, parameters: { retry_after: 0.1 } })
    const errors: (() => Promise<unknown>)[] = [
      async () => await requireSent(new Response(body, { status: 429 })),
      async () => await fetch(`http://127.0.0.1:${await freePort()}/sendMessage`),
      () => Promise.reject(new NotSent('too busy')),
    ]
    await using _bot = await openEcho(server, async () => {
      await errors.shift()?.()
    })
    await untilState(server, key, 'completed')
    const [reply] = server.message(key).replies
    expect(reply).toMatchObject({ state: 'sent', attempts: 4, mayBeDuplicate: false })
    expect(server.story).not.toContain('OUTBOUND_AMBIGUOUS')
    expect(server.events.flatMap(({ data }) => data['retryAfterMs'] ?? [])).toEqual([100, 0, 0])
  })

  it('that the platform refuses is dead, and its message with it, until a person looks', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1', 'hello')
    await using _bot = await openEcho(server, () =>
      requireSent(new Response('chat not found', { status: 400, statusText: 'Bad Request' })),
    )
    await untilState(server, key, 'dead')
    expect(server.message(key)).toMatchObject({
      death: { reason: 'reply-dead' },
      replies: [{ failures: [{ error: { class: 'NotSent', message: '400 Bad Request: chat not found' } }] }],
    })
  })

  it.each([
    ['its connection broke', () => Promise.reject(new TypeError('terminated'))],
    ['the platform failed', () => requireSent(new Response('', { status: 502 }))],
    ['its key was used before', () => requireSent(new Response('', { status: 409 }))],
  ])('of which nobody knows whether it was sent is not sent again: %s', async (_why, send) => {
    await using server = await new InboundServer({ retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1', 'hello')
    let attempts = 0
    await using _bot = await openEcho(server, async () => {
      attempts += 1
      await send()
    })
    await untilState(server, key, 'completed')
    expect(server.message(key).replies).toMatchObject([{ state: 'ambiguous' }])
    expect(attempts).toBe(1)
  })

  it('is told to be a possible repetition where its source wants it sent again', async () => {
    await using server = await new InboundServer({ onAmbiguous: 'resend', retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1', 'hello')
    const seen: boolean[] = []
    await using _bot = await openEcho(server, (_reply, { mayBeDuplicate }) => {
      seen.push(mayBeDuplicate)
      if (!mayBeDuplicate) throw new Error('connection reset')
    })
    await untilState(server, key, 'completed')
    expect(seen).toEqual([false, true])
    const sent = server.story.slice(server.story.indexOf('OUTBOUND_CLAIMED'))
    expect(sent.join(' ')).toBe('OUTBOUND_CLAIMED OUTBOUND_AMBIGUOUS OUTBOUND_CLAIMED OUTBOUND_SENT')
  })

  it('that takes longer than its lease is sent under an extended one', async () => {
    await using server = await new InboundServer({ replyLeaseMs: 1_500 }).listen()
    const key = server.receive('42', '1', 'hello')
    await using _bot = await openEcho(server, async () => {
      await server.until('OUTBOUND_EXTENDED', 4)
      return 'late'
    })
    await untilState(server, key, 'completed')
    expect(server.message(key).replies).toMatchObject([{ state: 'sent', attempts: 1 }])
  })

  it('counts as sent although its receipt cannot be kept', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1', 'hello')
    server.faults.push({ path: '/sent', kind: 'refuse', code: 'payload-too-large' })
    await using _bot = await openEcho(server, () => 'a very long receipt')
    await untilState(server, key, 'completed')
    expect(server.message(key).replies).toMatchObject([{ state: 'sent' }])
  })

  it('that is under way when the sender has to stop is ambiguous at once', async () => {
    await using server = await new InboundServer().listen()
    const key = server.receive('42', '1', 'hello')
    const begun = Promise.withResolvers<void>()
    await using bot = await openEcho(
      server,
      async (_reply, { signal }) => {
        begun.resolve()
        return await untilAborted({ signal })
      },
      { drainMs: 50 },
    )
    await begun.promise
    bot.stop()
    await bot.done
    expect(server.message(key).replies).toMatchObject([{ state: 'ambiguous' }])
  })
})
