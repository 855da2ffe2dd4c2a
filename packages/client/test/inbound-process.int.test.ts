import { fileURLToPath } from 'node:url'
import { type SupervisedProcess, startProcess, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { untilState } from './inbound-bot.ts'
import { InboundServer } from './inbound-server.ts'

const cwd = fileURLToPath(new URL('..', import.meta.url))

/** A bot in a process of its own, which says what it does. */
async function startBot(
  server: InboundServer,
  code: string,
  stopSignal: 'SIGTERM' | 'SIGINT' = 'SIGTERM',
): Promise<SupervisedProcess> {
  const program = `
    import { connectDaybook } from '@daybook/client'
    import { setTimeout as pause } from 'node:timers/promises'
    const { inbound } = await connectDaybook({ url: '${server.url}' })
    const say = (text) => console.log(text)
    ${code}
    say('started')`
  const args = ['--input-type=module', '--eval', program]
  return await startProcess({ command: process.execPath, args, cwd, stopSignal, readyWhen: /started/ })
}

async function untilSaid(bot: SupervisedProcess, word: string): Promise<void> {
  await waitFor(() => bot.output.includes(word), { what: word })
}

describe('a bot in a process of its own', () => {
  it('that is killed while it sends a reply leaves it ambiguous, and nobody sends it again', async () => {
    await using server = await new InboundServer({ replyLeaseMs: 1_000 }).listen()
    const key = server.receive('42', '1')
    const bot = `inbound.handle('telegram', () => 'hello', { send: async () => { say('sending'); await pause(60_000) } })`
    await using killed = await startBot(server, bot)
    await untilSaid(killed, 'sending')
    await killed.kill()
    await using next = await startBot(server, bot)
    await untilState(server, key, 'completed')
    expect(server.message(key).replies).toMatchObject([{ state: 'ambiguous', attempts: 1 }])
    expect(next.output).not.toContain('sending')
  })

  it('that is killed while it works has its message tried again after the lease', async () => {
    await using server = await new InboundServer({ leaseMs: 1_500, retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1')
    await using killed = await startBot(
      server,
      `inbound.handle('telegram', async () => { say('working'); await pause(60_000) })`,
    )
    await untilSaid(killed, 'working')
    await killed.kill()
    await using _next = await startBot(server, `inbound.handle('telegram', () => undefined)`)
    await untilState(server, key, 'completed')
    expect(server.message(key).failures[0]).toMatchObject({ error: { class: 'lease-expired' } })
  })

  it('that was asleep for longer than its lease tells nothing of what it did', async () => {
    await using server = await new InboundServer({ leaseMs: 2_000, retryBaseMs: 0 }).listen()
    const key = server.receive('42', '1')
    const bot = `inbound.handle('telegram', async () => { say('working'); await pause(500); return process.pid })`
    await using asleep = await startBot(server, bot)
    await untilSaid(asleep, 'working')
    asleep.pause()
    await using next = await startBot(server, bot)
    await untilState(server, key, 'replying')
    asleep.resume()
    await asleep.stop()
    expect(server.message(key).replies).toMatchObject([{ payload: next.pid }])
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes what it began when it gets %s, and ends',
    async (signal) => {
      await using server = await new InboundServer().listen()
      const key = server.receive('42', '1')
      await using bot = await startBot(
        server,
        `inbound.handle('telegram', async () => { say('working'); await pause(300) })`,
        signal,
      )
      await untilSaid(bot, 'working')
      expect(await bot.stop()).toEqual({ code: 0, signal: null })
      expect(server.message(key)).toMatchObject({ state: 'completed', attempts: 1 })
    },
  )
})
