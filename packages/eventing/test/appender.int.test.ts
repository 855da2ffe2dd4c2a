import { randomBytes } from 'node:crypto'
import { assertedCallers } from '@daybook/runtime'
import { freePort, waitFor } from '@daybook/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { startDeafProxy } from '../../../e2e/deaf-proxy.ts'
import {
  createJournalDatabase,
  log,
  openJournalService,
} from '../../../services/journal/test/service-fixture.ts'
import { type Decider, decideLoop, journalAppender, noArchive, streamReader } from '../src/index.ts'

const callerKey = randomBytes(32).toString('hex')
const author = { tenant: 'acme', actor: { kind: 'agent' as const, id: 'bob' } }

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const database = stack.use(await createJournalDatabase())
const journal = stack.use(
  await openJournalService(database.connect(), undefined, { callers: assertedCallers(callerKey) }),
)
const { port } = new URL(journal.service.http.url)
const proxy = stack.use(await startDeafProxy({ host: '127.0.0.1', port: Number(port) }))
const url = `http://127.0.0.1:${proxy.port}`
const read = streamReader(database.connect(), noArchive)

async function eventsOf(stream: string) {
  const page = await read({ tenant: 'acme', stream, after: 0, limit: 100, bytesMax: 1_000_000 })
  return page.events
}

const once: Decider<number, { message: string }> = {
  initial: 0,
  evolve: (count) => count + 1,
  decide: (count, data) => (count === 0 ? [{ type: 'PROCESS_LOG', data }] : []),
}

const service = 'projection'

describe('the appender of a service', () => {
  it('appends for the tenant and the actor of the caller', async () => {
    const append = journalAppender({ url, callerKey, service })
    await append({ events: [{ ...log('run/mine', 'hello'), actor: author.actor }] }, author)
    expect((await eventsOf('run/mine')).map(({ tenant, actor }) => ({ tenant, actor }))).toEqual([author])
  })

  it('is refused by a journal with another key', async () => {
    const append = journalAppender({ url, callerKey: randomBytes(32).toString('hex'), service })
    await expect(append({ events: [log('run/forged', 'hello')] }, author)).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })

  it('says so when the journal cannot be reached', async () => {
    const append = journalAppender({
      url: `http://127.0.0.1:${await freePort()}`,
      callerKey,
      service,
      timeoutMs: 300,
    })
    await expect(append({ events: [log('run/away', 'hello')] }, author)).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
})

describe('a command whose answer is lost', () => {
  it('is journaled once: the same events are sent again, and their first receipts answered', async () => {
    const execute = decideLoop({ read, append: journalAppender({ url, callerKey, service }) }, once)
    proxy.goDeaf()
    const result = execute({ caller: author, stream: 'run/lost', command: { message: 'once' } })
    await waitFor(async () => (await eventsOf('run/lost')).length === 1, { what: 'the event' })
    proxy.cut()
    const { receipts, state } = await result
    expect(receipts).toMatchObject([{ seq: 1, duplicate: true }])
    expect(state).toBe(1)
    expect(await eventsOf('run/lost')).toHaveLength(1)
  })

  it('is unknown when no answer comes in time, and harmless to give again', async () => {
    const execute = decideLoop(
      { read, append: journalAppender({ url, callerKey, service, timeoutMs: 500 }) },
      once,
    )
    const request = { caller: author, stream: 'run/unknown', command: { message: 'once' } }
    proxy.goDeaf()
    await expect(execute(request)).rejects.toMatchObject({ code: 'timeout', retry: 'later' })
    proxy.cut()
    await waitFor(async () => (await eventsOf('run/unknown')).length === 1, { what: 'the event' })
    expect(await execute(request)).toEqual({ state: 1, drafts: [], receipts: [] })
    expect(await eventsOf('run/unknown')).toHaveLength(1)
  })
})
