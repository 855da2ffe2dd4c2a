import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Daybook, NewMessage, ReceiveAnswer } from '@daybook/client'
import { evolveMessage, type InboundMessage, type JournalEvent, messageKeyOf } from '@daybook/events'
import {
  createTempFolder,
  describeWithServer,
  type SupervisedProcess,
  startProcess,
  waitFor,
} from '@daybook/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectSound } from '../services/journal/test/sound.ts'
import { type Deployment, deploy } from './deployment.ts'
import { readAll } from './exact.ts'
import { type FakePlatform, startPlatform } from './fake-platform.ts'
import { isLong } from './long.ts'

/** Leases are short, so that what is killed is taken over within the story; nothing dies of that. */
const limits = { leaseMs: 1_500, replyLeaseMs: 1_500, retryBaseMs: 20, maxAttempts: 100 }
const sources = {
  sources: { chat: { limits }, pager: { limits: { ...limits, onAmbiguous: 'resend' } } },
}

const STEPS = ['claimed', 'worked', 'before-send', 'after-send'] as const
/** Of messages with the same step, each in a conversation of its own; and ordinary ones between them. */
const PER_STEP = isLong ? 12 : 2
const LANES = 8
const PER_LANE = isLong ? 60 : 8
const BACKLOG = isLong ? 10_000 : 600
const BACKLOG_LANES = 20

const messageOf = (source: string, conversation: string, messageId: string, text: string): NewMessage => ({
  source,
  account: 'main',
  conversation,
  messageId,
  payload: { text },
})

function messagesOf(): NewMessage[] {
  const ordinary = Array.from({ length: LANES * PER_LANE }, (_, index) =>
    messageOf(index % 2 === 0 ? 'chat' : 'pager', `lane-${index % LANES}`, String(index), 'hello'),
  )
  const deadly = STEPS.flatMap((step) =>
    Array.from({ length: PER_STEP }, (_, index) =>
      messageOf(index % 2 === 0 ? 'chat' : 'pager', `${step}-${index}`, '1', `die ${step}`),
    ),
  )
  // Those that kill are spread among the others.
  return ordinary
    .flatMap((message, index) => [message, ...deadly.splice(0, index % 5 === 0 ? 1 : 0)])
    .concat(deadly)
}

/** As platforms do: again and again until it is taken, and now and then once more than needed. */
async function deliver(daybook: Daybook, message: NewMessage, times: number): Promise<ReceiveAnswer[]> {
  const answers: ReceiveAnswer[] = []
  while (answers.length < times) {
    const answer = await daybook.inbound.receive(message).catch(() => undefined)
    if (answer !== undefined) answers.push(answer)
  }
  return answers
}

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

describeWithServer('three inbound services and three bots', () => {
  it('work on every message and send each reply once, whoever is killed at which step', async () => {
    const folder = stack.use(await createTempFolder())
    const sourcesFile = join(folder.path, 'sources.json')
    await writeFile(sourcesFile, JSON.stringify(sources))
    const env = { SOURCES_FILE: sourcesFile }
    const deployment = stack.use(await deploy({ withInbound: true, inbound: { env } }))
    const platform = stack.use(await startPlatform())
    const others = [await deployment.startInbound({ env }), await deployment.startInbound({ env })]
    const doors = [deployment.gatewayUrl, ...(await Promise.all(others.map((other) => other.publicUrl())))]
    const bots = await Promise.all(
      doors.map((url, index) =>
        startBot({ url, token: deployment.token, platform, folder: folder.path, index }),
      ),
    )
    await using daybook = await deployment.connect()
    const messages = messagesOf()
    const story = { isOver: false }
    const wreaking = wreak(
      [deployment.services.inbound.process, ...others.map((one) => one.process), deployment.journal],
      story,
    )
    const keeping = keepAlive(bots, story)
    const answers = await inTurn(messages, 12, (message, index) => deliver(daybook, message, 1 + (index % 3)))
    await waitFor(async () => (await completed(daybook)) === messages.length, {
      timeoutMs: 120_000,
      everyMs: 100,
      what: 'the last message to be finished',
    })
    story.isOver = true
    await Promise.all([wreaking, keeping])

    const events = await readAll(daybook)
    expectSound(events)
    expectReceivedOnce(messages, answers, events)
    expectFinished(messages, events, platform)
    expectInOrder(events)
    expectNoReplyTwice(events, platform)
  }, 240_000)
})

describeWithServer('an inbound service', () => {
  let deployment: Deployment

  beforeAll(async () => {
    deployment = stack.use(await deploy({ withInbound: true }))
  }, 120_000)

  it('has a backlog worked off in the order of each conversation', async () => {
    await using daybook = await deployment.connect()
    // One after the other in each conversation, so that it is known which came first.
    await Promise.all(
      Array.from({ length: BACKLOG_LANES }, async (_, lane) => {
        for (let id = lane; id < BACKLOG; id += BACKLOG_LANES)
          await daybook.inbound.receive(messageOf('mail', `lane-${lane}`, String(id), 'hello'))
      }),
    )
    const worked = new Map<string, string[]>()
    const work = async (worker: string): Promise<void> => {
      for (let left = true; left; ) {
        const claimed = await daybook.inbound.claim({ worker, source: 'mail', limit: 10 }, { waitMs: 2_000 })
        for (const { lane, messageId } of claimed) worked.set(lane, [...(worked.get(lane) ?? []), messageId])
        await Promise.all(claimed.map((message) => daybook.inbound.complete(message)))
        left = claimed.length > 0
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, index) => work(`w${index}`)))
    expect([...worked.values()].flat()).toHaveLength(BACKLOG)
    for (const ids of worked.values()) expect(ids).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)))
  }, 600_000)

  it('is not misled by a worker whose clock jumps by hours', async () => {
    const folder = stack.use(await createTempFolder())
    const platform = stack.use(await startPlatform())
    const skew = ['--import', join(import.meta.dirname, 'skewed-clock.ts')]
    // It works three times as long as its lease, which it has to extend.
    const bot = {
      url: deployment.gatewayUrl,
      token: deployment.token,
      platform,
      folder: folder.path,
      index: 1,
    }
    stack.use(await startBot(bot, { args: skew, env: { WORK_MS: '4500', LEASE_MS: '1500' } }))
    await using daybook = await deployment.connect()
    const { key } = await daybook.inbound.receive(messageOf('chat', 'c', '1', 'hello'))
    await waitFor(async () => (await daybook.inbound.get(key)).state === 'completed', {
      timeoutMs: 30_000,
      what: 'the message to be worked on',
    })
    expect(await daybook.inbound.get(key)).toMatchObject({
      attempts: 1,
      failures: [],
      replies: [{ state: 'sent' }],
    })
    expect(platform.worked.get(key)).toBe(1)
  }, 120_000)
})

interface Bot {
  readonly url: string
  readonly token: string
  readonly platform: FakePlatform
  readonly folder: string
  readonly index: number
}

async function startBot(
  { url, token, platform, folder, index }: Bot,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): Promise<SupervisedProcess> {
  const deaths = join(folder, 'deaths')
  await mkdir(deaths, { recursive: true })
  return startProcess({
    command: process.execPath,
    args: [...args, join(import.meta.dirname, 'inbound-bot.ts')],
    env: {
      GATEWAY_URL: url,
      DAYBOOK_TOKEN: token,
      PLATFORM_URL: platform.url,
      DEATHS_FOLDER: deaths,
      WORKER: `bot-${index}`,
      ...env,
    },
    readyWhen: /working/,
  })
}

/** A supervisor, as docker's `restart: always` is one. */
async function keepAlive(bots: readonly SupervisedProcess[], story: { isOver: boolean }): Promise<void> {
  await Promise.all(
    bots.map(async (bot) => {
      while (!story.isOver) {
        await Promise.race([bot.ended, waitFor(() => story.isOver, { timeoutMs: 300_000, what: 'the end' })])
        if (!story.isOver) await bot.restart()
      }
      await bot.stop()
    }),
  )
}

/** Kills one service after the other while the story goes on, with time enough between to get somewhere. */
async function wreak(services: readonly SupervisedProcess[], story: { isOver: boolean }): Promise<void> {
  for (let kills = 0; kills < services.length * (isLong ? 4 : 1); kills += 1) {
    const until = performance.now() + 1_500
    await waitFor(() => story.isOver || performance.now() > until, {
      timeoutMs: 30_000,
      what: 'the next kill',
    })
    if (story.isOver) return
    const service = services[kills % services.length]
    await service?.kill()
    await service?.restart()
  }
}

/** As the read model has them. */
async function completed(daybook: Daybook): Promise<number> {
  const stats = await daybook.inbound.stats()
  return stats.reduce((sum, { messages }) => sum + (messages['completed'] ?? 0), 0)
}

/** `width` at a time, in order. */
async function inTurn<T, R>(
  items: readonly T[],
  width: number,
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const one = async (): Promise<void> => {
    for (let index = next; index < items.length; index = next) {
      next += 1
      const item = items[index]
      if (item !== undefined) results[index] = await act(item, index)
    }
  }
  await Promise.all(Array.from({ length: width }, one))
  return results
}

function expectReceivedOnce(
  messages: readonly NewMessage[],
  answers: readonly (readonly ReceiveAnswer[])[],
  events: readonly JournalEvent[],
): void {
  const received = events
    .filter(({ type }) => type === 'INBOUND_RECEIVED')
    .map(({ correlationId }) => correlationId)
  const keys = messages.map((message) => messageKeyOf(message))
  expect(received).toHaveLength(keys.length)
  expect(new Set(received)).toEqual(new Set(keys))
  // An answer may have been lost with a service, but never is a message accepted twice.
  for (const ofOne of answers)
    expect(ofOne.filter(({ outcome }) => outcome === 'accepted').length).toBeLessThanOrEqual(1)
}

function fold(events: readonly JournalEvent[]): Map<string, InboundMessage> {
  const found = new Map<string, InboundMessage>()
  for (const event of events) {
    if (event.correlationId === undefined || !event.stream.startsWith('inbound/')) continue
    const after = evolveMessage(found.get(event.correlationId), event)
    if (after !== undefined) found.set(event.correlationId, after)
  }
  return found
}

function expectFinished(
  messages: readonly NewMessage[],
  events: readonly JournalEvent[],
  platform: FakePlatform,
): void {
  const found = fold(events)
  expect(found.size).toBe(messages.length)
  for (const message of found.values()) {
    expect(message).toMatchObject({
      state: 'completed',
      replies: [{ state: expect.stringMatching(/^(sent|ambiguous)$/) }],
    })
    const times = platform.worked.get(message.key) ?? 0
    expect(times).toBeGreaterThanOrEqual(1)
    // More than once only where an attempt failed, which is on record.
    expect(times).toBeLessThanOrEqual(1 + message.failures.length)
  }
}

/** In each conversation a message is claimed only when those before it are settled and no lease is live. */
function expectInOrder(events: readonly JournalEvent[]): void {
  const live = new Map<string, { key: string; untilMs: number }>()
  const waiting = new Map<string, string[]>()
  for (const { type, stream, correlationId: key = '', data, recordedAt } of events) {
    if (!stream.startsWith('inbound/')) continue
    const queue = waiting.get(stream) ?? []
    waiting.set(stream, queue)
    if (type === 'INBOUND_RECEIVED') queue.push(key)
    if (type === 'INBOUND_COMPLETED') queue.splice(queue.indexOf(key), 1)
    if (/^INBOUND_(COMPLETED|FAILED|RELEASED)$/.test(type)) live.delete(stream)
    if (type === 'INBOUND_CLAIMED') {
      expect(queue[0]).toBe(key)
      expect(live.has(stream)).toBe(false)
      live.set(stream, { key, untilMs: Date.parse(recordedAt) + Number(data['leaseMs']) })
    }
  }
}

/** Once each; where it arrived again, its source wants that, and the record says that it was ambiguous before. */
function expectNoReplyTwice(events: readonly JournalEvent[], platform: FakePlatform): void {
  const resent = new Map<string, number>()
  for (const { type, data, correlationId } of events) {
    if (type !== 'OUTBOUND_AMBIGUOUS' || data['resend'] !== true) continue
    const reply = `${correlationId}-${Number(data['reply'])}`
    resent.set(reply, (resent.get(reply) ?? 0) + 1)
  }
  for (const [reply, times] of platform.sent)
    expect(times, reply).toBeLessThanOrEqual(1 + (resent.get(reply) ?? 0))
}
