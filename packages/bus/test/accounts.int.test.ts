import { subjects } from '@daybook/events'
import { startNats, waitFor } from '@daybook/testing'
import { jetstream } from '@nats-io/jetstream'
import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bus, connectBus, createBusKeys, inboxOfService } from '../src/index.ts'
import { admission, type GuardedNats, startGuardedNats } from './guarded-nats.ts'
import { errorOf, recordingLogger } from './recorder.ts'
import { refusedToHolders, refusedToServices } from './refused-subjects.ts'

const timeoutMs = 5_000
const stack = new AsyncDisposableStack()
let nats: GuardedNats
let journal: Bus
let projection: Bus
let inbound: Bus
let cron: Bus

beforeAll(async () => {
  nats = stack.use(await startGuardedNats())
  nats.tokens.set('of-writer', admission('writer', 'main', 'append'))
  nats.tokens.set('of-reader', admission('reader', 'main', 'read'))
  nats.tokens.set('of-chief', admission('chief', 'main', 'admin'))
  nats.tokens.set('of-approver', admission('approver', 'main', 'approve'))
  nats.tokens.set('of-stranger', admission('stranger', 'acme', 'append', 'read'))
  journal = stack.use(await nats.connectService('journal'))
  projection = stack.use(await nats.connectService('projection'))
  inbound = stack.use(await nats.connectService('inbound'))
  cron = stack.use(await nats.connectService('cron'))
  await journal.ensureTopology()
  stack.use(journal.respond('daybook.rpc.*.journal.append', 'journal', ({ subject }) => subject))
  stack.use(journal.respond('daybook.rpc.*.journal.append.*.*', 'journal', ({ subject }) => subject))
  for (const [name, service] of Object.entries({ inbound, cron }))
    for (const subject of [subjects.rpc('*', name, '*'), subjects.commandByAnybody(name)])
      stack.use(service.respond(subject, name, (message) => message.subject))
})

afterAll(async () => {
  await stack.disposeAsync()
})

/** What the server says to a publication or a subscription; undefined when it lets it pass. */
async function refusalOf(nats: NatsConnection, act: 'publish' | 'subscribe', subject: string) {
  const statuses = nats.status()
  let refused: string | undefined
  const reading = (async () => {
    for await (const status of statuses) if (status.type === 'error') refused = status.error.message
  })()
  if (act === 'publish') nats.publish(subject, '')
  else nats.subscribe(subject, { callback: () => undefined })
  // The server takes commands in order, so after its answer to a second one nothing of the first is to come.
  await nats.flush()
  await nats.flush()
  await nats.close()
  await reading
  return refused
}

describe('a server with accounts', () => {
  it.each([
    ['nobody', {}],
    ['a name that it does not know', { user: 'journal', pass: 'journal' }],
    ['a token that is not good', { token: 'dbk_wrong_wrong' }],
  ])('does not let in %s', async (_who, options) => {
    const error = await errorOf(connect({ servers: nats.server.url, reconnect: false, ...options }))
    expect(String(error)).toMatch(/Authorization Violation/)
  })

  it('does not let in a key that it was not told', async () => {
    const { services } = createBusKeys()
    const config = { servers: nats.server.url, name: 'journal', nkeySeed: services.journal.seed }
    expect(await errorOf(connectBus({ ...config, wait: true, waitMs: 1_000 }))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Authorization Violation/),
    })
  })

  it('says that it asks who comes, and one without accounts that it does not', async () => {
    expect(journal.letsInAnybody).toBe(false)
    await using open = await startNats()
    await using anybody = await connectBus({ servers: open.url, name: 'anybody', wait: true })
    expect(anybody.letsInAnybody).toBe(true)
    expect(await anybody.whoAmI({ timeoutMs })).toEqual({})
  })

  it('neither logs nor answers a token', async () => {
    await errorOf(connect({ servers: nats.server.url, reconnect: false, token: 'dbk_wrong_canary' }))
    expect(nats.server.output).not.toContain('canary')
  })

  it('does not show the tokens of who is connected at its monitoring endpoint', async () => {
    nats.tokens.set('dbk_lasting_canary', admission('lasting', 'main', 'append'))
    const holder = await nats.dialHolder('dbk_lasting_canary')
    const shown = await (await fetch(`${nats.server.monitorUrl}/connz?auth=true&subs=detail`)).text()
    await holder.close()
    expect(shown).toContain('CLIENTS')
    expect(shown).not.toContain('canary')
  })
})

describe('services with users of their own', () => {
  it('do their work: the journal makes everything and publishes, the projection reads what is its', async () => {
    const seen: string[] = []
    await using _ = projection.consume(
      { stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' },
      async (batch) => void seen.push(...batch.map((delivery) => delivery.text())),
    )
    const state = await journal.streamState('DAYBOOK_EVENTS')
    const event = (text: string) => ({ subject: 'daybook.events.main.run.a.X', data: text, headers: {} })
    await journal.publishBatch('DAYBOOK_EVENTS', [event('one'), event('two')], state?.lastSeq ?? -1)
    await waitFor(() => seen.includes('two'), { timeoutMs, what: 'the events at the projection' })
    await waitFor(
      async () =>
        (await projection.consumerState({ stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' }))
          ?.unsettled === 0,
      { timeoutMs, what: 'the acknowledgement' },
    )
    const place = { stream: 'DAYBOOK_EVENTS', subject: 'daybook.events.main.run.a.X' }
    expect(await journal.removeMessages(place, () => true)).toBe(2)
  })

  it('get messages that were queued while nobody listened, and settle them', async () => {
    const writer = await nats.dialHolder('of-writer')
    await jetstream(writer).publish('daybook.queue.main.append.agent.writer%2Eagent', 'queued')
    await writer.close()
    const seen: string[] = []
    await using _ = journal.consume(
      { stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' },
      async (batch) => void seen.push(...batch.map(({ subject }) => subject)),
    )
    await waitFor(() => seen.length > 0, { timeoutMs, what: 'the queued message' })
    expect(seen).toEqual(['daybook.queue.main.append.agent.writer%2Eagent'])
    await waitFor(
      async () =>
        (await journal.consumerState({ stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' }))?.unsettled === 0,
      {
        timeoutMs,
        what: 'the acknowledgement',
      },
    )
  })

  it('hear the head of the journal', async () => {
    const heard: string[] = []
    await using _ = projection.listen('daybook.signal.head', (message) => void heard.push(message.text()))
    await waitFor(
      () => {
        journal.publish('daybook.signal.head', '7')
        return heard.includes('7')
      },
      { timeoutMs, what: 'the signal' },
    )
  })

  it('hear how a run ended that a job started', async () => {
    const heard = new Set<string>()
    const types = ['RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED']
    await using listening = new AsyncDisposableStack()
    for (const type of types)
      listening.use(cron.listen(`daybook.events.*.run.*.${type}`, ({ subject }) => void heard.add(subject)))
    await waitFor(
      () => {
        for (const type of types) journal.publish(`daybook.events.main.run.a.${type}`, '')
        return heard.size === types.length
      },
      { timeoutMs, what: 'the ends' },
    )
    expect([...heard]).toEqual(types.map((type) => `daybook.events.main.run.a.${type}`))
  })

  it.each(refusedToServices)('%s may not %s %s', async (service, act, subject) => {
    expect(await refusalOf(await nats.dialService(service), act, subject)).toMatch(/Permissions Violation/)
  })

  it('leave the making of streams to the journal', async () => {
    await using bus = await nats.connectService('projection', recordingLogger())
    expect(await errorOf(bus.ensureTopology())).toMatchObject({ code: expect.any(String) })
  })
})

describe('a token', () => {
  it('appends in the name of its actor, and is answered in its own inbox', async () => {
    const writer = await nats.dialHolder('of-writer')
    const subject = 'daybook.rpc.main.journal.append.agent.writer%2Eagent'
    expect((await writer.request(subject, '{}')).string()).toBe(subject)
    await writer.close()
  })

  it('of an admin appends in any name too', async () => {
    const chief = await nats.dialHolder('of-chief')
    expect((await chief.request('daybook.rpc.main.journal.append', '{}')).string()).toBe(
      'daybook.rpc.main.journal.append',
    )
    await chief.close()
  })

  it('hears the events of its tenant, and of no other', async () => {
    const reader = await nats.dialHolder('of-reader')
    const heard: string[] = []
    reader.subscribe('daybook.events.main.>', {
      callback: (_error, message) => void heard.push(message.subject),
    })
    await reader.flush()
    journal.publish('daybook.events.acme.run.a.X', '')
    journal.publish('daybook.events.main.run.a.X', '')
    await waitFor(() => heard.length > 0, { timeoutMs, what: 'the event' })
    expect(heard).toEqual(['daybook.events.main.run.a.X'])
    await reader.close()
  })

  it.each(['inbound', 'cron'])(
    'gives commands to %s in the name of its actor, and an admin’s in any',
    async (service) => {
      const writer = await nats.dialHolder('of-writer')
      const named = subjects.commandBy('main', service, 'claim', { kind: 'agent', id: 'writer.agent' })
      expect((await writer.request(named, '{}')).string()).toBe(named)
      await writer.close()
      const chief = await nats.dialHolder('of-chief')
      const plain = subjects.rpc('main', service, 'claim')
      expect((await chief.request(plain, '{}')).string()).toBe(plain)
      await chief.close()
    },
  )

  it('hears what is offered to its tenant, each offer in one place of a group, and none of another’s', async () => {
    const bots = await Promise.all(['of-writer', 'of-chief'].map((token) => nats.dialHolder(token)))
    const stranger = await nats.dialHolder('of-stranger')
    const heard: string[] = []
    const offered = subjects.deliver('main', 'inbound', 'telegram', 'bot')
    for (const bot of bots) {
      const callback = (_error: unknown, message: { string(): string }) => void heard.push(message.string())
      bot.subscribe(offered, { queue: 'bots', callback })
    }
    const overheard: string[] = []
    stranger.subscribe('daybook.deliver.acme.>', {
      callback: (_error, message) => void overheard.push(message.subject),
    })
    await Promise.all([...bots, stranger].map((connection) => connection.flush()))
    const offers = Array.from({ length: 20 }, (_, index) => String(index))
    for (const offer of offers) inbound.publish(offered, offer)
    const foreign = subjects.deliver('acme', 'inbound', 'telegram', 'bot')
    inbound.publish(foreign, '')
    // The server delivers in order, so what has not come by now is not to come.
    await waitFor(() => overheard.length > 0 && heard.length >= offers.length, {
      timeoutMs,
      what: 'the offers',
    })
    await Promise.all([...bots, stranger].map((connection) => connection.close()))
    expect(heard.toSorted((a, b) => Number(a) - Number(b))).toEqual(offers)
    expect(overheard).toEqual([foreign])
  })

  it('hears what the jobs of its tenant publish if it may read, and nothing of another’s', async () => {
    const reader = await nats.dialHolder('of-reader')
    const stranger = await nats.dialHolder('of-stranger')
    const heard: string[] = []
    for (const [holder, tenant] of [
      [reader, 'main'],
      [stranger, 'acme'],
    ] as const) {
      const callback = (_error: unknown, message: { subject: string }) => void heard.push(message.subject)
      holder.subscribe(subjects.app(tenant, '>'), { callback })
      await holder.flush()
    }
    cron.publish(subjects.app('main', 'digest.due'), '')
    cron.publish(subjects.app('acme', 'digest.due'), '')
    // By the server's answer it knows that they went out.
    expect((await cron.whoAmI({ timeoutMs })).permissions?.publish).toContain(subjects.app('*', '>'))
    await waitFor(() => heard.length >= 2, { timeoutMs, what: 'the messages' })
    await Promise.all([reader.close(), stranger.close()])
    expect(heard.toSorted()).toEqual(['daybook.app.acme.digest.due', 'daybook.app.main.digest.due'])
  })

  it('hears which runs of jobs are offered to its tenant', async () => {
    const writer = await nats.dialHolder('of-writer')
    const heard: string[] = []
    writer.subscribe('daybook.deliver.main.cron.*', {
      callback: (_error, message) => void heard.push(message.subject),
    })
    await writer.flush()
    cron.publish(subjects.deliverCron('acme', 'nightly'), '')
    cron.publish(subjects.deliverCron('main', 'nightly'), '')
    await waitFor(() => heard.length > 0, { timeoutMs, what: 'the offer' })
    await writer.close()
    expect(heard).toEqual(['daybook.deliver.main.cron.nightly'])
  })

  it('tells its holder what it may do', async () => {
    await using bus = await connectBus({
      servers: nats.server.url,
      name: 'holder',
      token: 'of-writer',
      inboxPrefix: '_INBOX_writer',
      wait: true,
    })
    const { permissions } = await bus.whoAmI({ timeoutMs })
    expect(permissions?.publish).toContain('daybook.rpc.main.journal.append.agent.writer%2Eagent')
  })

  it.each(refusedToHolders)('of %s may not %s %s', async (holder, act, subject) => {
    expect(await refusalOf(await nats.dialHolder(`of-${holder}`), act, subject)).toMatch(
      /Permissions Violation/,
    )
  })

  // Without an account of their own, holders could choose a subject for the answer that they may not publish to.
  it.each([
    'daybook.events.main.run.a.FORGED',
    '$JS.API.STREAM.PURGE.DAYBOOK_EVENTS',
    '$JS.API.STREAM.DELETE.DAYBOOK_EVENTS',
    'daybook.queue.acme.append',
  ])('cannot have answers put under %s', async (reply) => {
    const before = await journal.streamState('DAYBOOK_EVENTS')
    const queued = await journal.streamState('DAYBOOK_QUEUE')
    const writer = await nats.dialHolder('of-writer')
    writer.publish('daybook.queue.main.append.agent.writer%2Eagent', '', { reply })
    writer.publish('daybook.rpc.main.journal.append.agent.writer%2Eagent', '', { reply })
    // Both were taken and answered when a third one is.
    await jetstream(writer).publish('daybook.queue.main.append.agent.writer%2Eagent', '')
    await writer.request('daybook.rpc.main.journal.append.agent.writer%2Eagent', '')
    await writer.close()
    expect(await journal.streamState('DAYBOOK_EVENTS')).toEqual(before)
    expect((await journal.streamState('DAYBOOK_QUEUE'))?.lastSeq).toBe((queued?.lastSeq ?? 0) + 2)
  })

  it('is refused the common inbox, in which all could read the answers of all', async () => {
    const writer = await nats.dialHolder('of-writer')
    expect(await refusalOf(writer, 'subscribe', createInbox())).toMatch(/Permissions Violation/)
    expect(inboxOfService('journal')).not.toBe('_INBOX')
  })
})
