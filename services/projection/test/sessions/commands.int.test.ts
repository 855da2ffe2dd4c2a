import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApprovalsFixture, created, openApprovals } from '../approvals-fixture.ts'

let fixture: ApprovalsFixture
beforeAll(async () => {
  fixture = await openApprovals()
})
afterAll(() => fixture[Symbol.asyncDispose]())

type Asking = NonNullable<Parameters<ApprovalsFixture['ask']>[1]>

async function send(path: string, body: object, asking: Asking = {}): Promise<{ status: number; body: any }> {
  const { status, text } = await fixture.ask(path, { scopes: ['append'], body, ...asking })
  return { status, body: JSON.parse(text) }
}

async function read(path: string, asking: Asking = {}): Promise<any> {
  return JSON.parse((await fixture.ask(path, asking)).text)
}

const resolve = (sessionKey: string, more: object = {}, asking: Asking = {}) =>
  send('/v1/sessions/resolve', { sessionKey, ...more }, asking)

async function idOf(sessionKey: string): Promise<string> {
  return (await resolve(sessionKey)).body.session.sessionId
}

const act = (id: string, verb: string, body: object, asking: Asking = {}) =>
  send(`/v1/sessions/${id}/${verb}`, body, asking)

async function typesOf(id: string): Promise<string[]> {
  return (await fixture.tape(`session/${id}`)).map(({ type }) => type)
}

describe('resolve', () => {
  it('starts the session of a key, and finds it from then on', async () => {
    const first = await resolve('slack:1', { title: 'Hello', channel: 'slack' })
    expect(first).toMatchObject({
      status: 201,
      body: {
        changed: true,
        session: {
          sessionKey: 'slack:1',
          title: 'Hello',
          titleBy: 'derived',
          channel: 'slack',
          principal: 'user:ann',
          status: 'active',
          branchState: 'root',
          epoch: 1,
        },
      },
    })
    const { sessionId } = first.body.session
    const again = await resolve('slack:1', { title: 'Other words' }, { person: 'bob', at: 1 })
    expect(again).toMatchObject({
      status: 200,
      body: { changed: false, session: { sessionId, title: 'Hello', principal: 'user:ann' } },
    })
    const events = await fixture.tape(`session/${sessionId}`)
    expect(events.map(({ type, actor }) => [type, actor.id])).toEqual([['SESSION_STARTED', 'ann']])
  })

  it('gives all who ask at the same time, on two instances, the same session, once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => resolve(`race:${round}`, {}, { person: `p${n}`, at: n % 2 })),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(19)
      const ids = new Set(answers.map(({ body }) => body.session.sessionId))
      expect(ids.size).toBe(1)
      expect(await typesOf([...ids][0])).toEqual(['SESSION_STARTED'])
    }
  })

  it('keeps the sessions of two tenants apart, also under the same key', async () => {
    const ours = await idOf('same:key')
    const theirs = await resolve('same:key', {}, { tenant: 'other' })
    expect(theirs.status).toBe(201)
    expect(theirs.body.session.sessionId).not.toBe(ours)
    expect((await fixture.ask(`/v1/sessions/${ours}`, { tenant: 'other' })).status).toBe(404)
    expect((await act(ours, 'archive', {}, { tenant: 'other' })).body.code).toBe('not-found')
  })

  it('needs more than the right to read', async () => {
    expect((await resolve('nobody', {}, { scopes: ['read'] })).status).toBe(403)
  })

  it.each([{ sessionKey: '' }, { sessionKey: 'a\u0000b' }, { sessionKey: 'k', titel: 'typo' }, {}])(
    'refuses %j',
    async (body) => {
      expect((await send('/v1/sessions/resolve', body)).status).toBe(400)
    },
  )
})

describe('rename', () => {
  it('replaces any title by a person’s, and none of a person’s by a derived one', async () => {
    const id = await idOf('rename')
    const derived = { title: 'Derived', by: 'derived' }
    expect((await act(id, 'rename', derived)).body.session).toMatchObject({ title: 'Derived' })
    expect((await act(id, 'rename', { title: 'Mine' })).body).toMatchObject({
      changed: true,
      session: { title: 'Mine', titleBy: 'person' },
    })
    expect((await act(id, 'rename', derived)).body).toMatchObject({
      changed: false,
      session: { title: 'Mine' },
    })
    expect(await typesOf(id)).toEqual(['SESSION_STARTED', 'SESSION_RENAMED', 'SESSION_RENAMED'])
  })

  it('lets a person win against a derived title that comes at the same time', async () => {
    const id = await idOf('rename-race')
    const wishes = Array.from({ length: 12 }, (_, n) =>
      act(id, 'rename', n === 7 ? { title: 'Mine' } : { title: `D${n}`, by: 'derived' }, { at: n % 2 }),
    )
    const answers = await Promise.all(wishes)
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect((await resolve('rename-race')).body.session).toMatchObject({ title: 'Mine', faultsTotal: 0 })
  })

  it('knows no session that was never started', async () => {
    expect(await act('nobody', 'rename', { title: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
    expect((await fixture.ask('/v1/streams/session/nobody/events')).status).toBe(404)
  })
})

describe('link', () => {
  it('takes a run in, once, and lists it with those that were created in the session', async () => {
    const id = await idOf('link')
    await fixture.append(created('linked-1'), created('linked-2'))
    await send('/v1/runs', {
      runId: 'born-in',
      processId: 'p',
      entrypoint: { importPath: './p.js', exportName: 'process' },
      sessionId: id,
    })
    expect((await act(id, 'link', { runId: 'linked-1' })).body).toMatchObject({ changed: true })
    expect((await act(id, 'link', { runId: 'linked-1' }, { at: 1 })).body).toMatchObject({ changed: false })
    const { position } = (await fixture.tape(`session/${id}`)).at(-1)!
    const list = await read(`/v1/sessions/${id}/runs?minPosition=${position}`)
    expect(new Set(list.runs.map(({ runId }: any) => runId))).toEqual(new Set(['born-in', 'linked-1']))
    expect(list.next).toBeNull()
    const page = await read(`/v1/sessions/${id}/runs?limit=1`)
    const rest = await read(`/v1/sessions/${id}/runs?limit=1&cursor=${page.next}`)
    expect([...page.runs, ...rest.runs].map(({ runId }: any) => runId)).toEqual(
      list.runs.map(({ runId }: any) => runId),
    )
    expect((await read(`/v1/sessions/${id}?minPosition=${position}`)).runsLinked).toBe(1)
  })

  it('refuses a run that is not there', async () => {
    const id = await idOf('link-nothing')
    expect(await act(id, 'link', { runId: 'unheard-of' })).toMatchObject({
      status: 404,
      body: { code: 'not-found', detail: expect.stringContaining('run unheard-of') },
    })
    expect(await typesOf(id)).toEqual(['SESSION_STARTED'])
  })
})

describe('archive and reset', () => {
  it('put a session away, and take it up again in a new epoch', async () => {
    const id = await idOf('archive')
    await fixture.append(created('late'))
    expect((await act(id, 'archive', { reason: 'done' })).body.session.status).toBe('archived')
    expect((await act(id, 'archive', {})).body.changed).toBe(false)
    expect(await act(id, 'link', { runId: 'late' })).toMatchObject({
      status: 409,
      body: { code: 'invalid-transition', details: { status: 'archived', epoch: 1 } },
    })
    expect((await act(id, 'reset', { reason: 'again' })).body.session).toMatchObject({
      status: 'active',
      epoch: 2,
    })
    expect((await act(id, 'link', { runId: 'late' })).status).toBe(200)
  })

  it('end the epoch that is named once, however many ask', async () => {
    const id = await idOf('reset-race')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => act(id, 'reset', { reason: 'r', epoch: 1 }, { at: n % 2 })),
    )
    expect(answers.filter(({ body }) => body.changed)).toHaveLength(1)
    expect(new Set(answers.map(({ body }) => body.session.epoch))).toEqual(new Set([2]))
  })
})

describe('branch', () => {
  it('is known to both sessions, and is found again', async () => {
    const parent = await idOf('branch')
    await fixture.append(created('source'))
    await act(parent, 'link', { runId: 'source' })
    const made = await act(parent, 'branch', { fromRunId: 'source', title: 'What if' })
    expect(made).toMatchObject({
      status: 201,
      body: {
        session: {
          branchState: 'active-branch',
          parent: { sessionId: parent, fromRunId: 'source' },
          principal: 'user:ann',
          title: 'What if',
        },
      },
    })
    const branchId = made.body.session.sessionId
    const again = await act(parent, 'branch', { fromRunId: 'source' }, { at: 1 })
    expect(again).toMatchObject({ status: 200, body: { changed: false, session: { sessionId: branchId } } })
    const { position } = (await fixture.tape(`session/${parent}`)).at(-1)!
    expect(await read(`/v1/sessions/${parent}?minPosition=${position}`)).toMatchObject({
      branchState: 'branch-source',
      branches: 1,
    })
    const { sessions } = await read(`/v1/sessions?parent=${parent}&minPosition=${position}`)
    expect(sessions.map(({ sessionId }: any) => sessionId)).toEqual([branchId])
  })

  it('happens once when many ask at the same time', async () => {
    const parent = await idOf('branch-race')
    await fixture.append(created('raced'))
    await act(parent, 'link', { runId: 'raced' })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => act(parent, 'branch', { fromRunId: 'raced' }, { at: n % 2 })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9)
    expect((await typesOf(parent)).filter((type) => type === 'SESSION_BRANCHED')).toHaveLength(1)
  })

  it.each([
    ['a run of nobody', 'stranger', 409, 'invalid-transition'],
    ['a run that is not there', 'unheard-of', 404, 'not-found'],
  ])('refuses %s', async (_what, fromRunId, status, code) => {
    const parent = await idOf('branch-refused')
    await fixture.append(created('stranger'))
    expect(await act(parent, 'branch', { fromRunId })).toMatchObject({ status, body: { code } })
    expect(await typesOf(parent)).not.toContain('SESSION_BRANCHED')
  })

  it('refuses the key of another session, and changes neither', async () => {
    const parent = await idOf('branch-key')
    const taken = await idOf('taken')
    await fixture.append(created('keyed'))
    await act(parent, 'link', { runId: 'keyed' })
    expect(await act(parent, 'branch', { fromRunId: 'keyed', sessionKey: 'taken' })).toMatchObject({
      status: 409,
      body: { code: 'invalid-transition' },
    })
    expect(await typesOf(taken)).toEqual(['SESSION_STARTED'])
    expect(await typesOf(parent)).not.toContain('SESSION_BRANCHED')
  })
})

describe('sessions over HTTP', () => {
  it('are listed newest first, filtered, page by page', async () => {
    const at = { tenant: 'lists' }
    const keys = ['a', 'b', 'c', 'd', 'e']
    for (const [n, key] of keys.entries())
      await resolve(key, { channel: n % 2 === 0 ? 'web' : 'mail', principal: `user:${key}` }, at)
    const last = (await resolve('e', {}, at)).body.session
    await act(last.sessionId, 'archive', {}, at)
    const head = Number((await fixture.ask('/v1/events?limit=1')).headers.get('daybook-position'))
    const list = async (query: string) => read(`/v1/sessions?minPosition=${head}&${query}`, at)
    const keysOf = ({ sessions }: any) => sessions.map(({ sessionKey }: any) => sessionKey)
    expect(keysOf(await list('limit=100'))).toEqual(['e', 'd', 'c', 'b', 'a'])
    expect(keysOf(await list('channel=web'))).toEqual(['e', 'c', 'a'])
    expect(keysOf(await list('status=archived'))).toEqual(['e'])
    expect(keysOf(await list('principal=user:b'))).toEqual(['b'])
    const pages: string[] = []
    for (let cursor = ''; ; ) {
      const page = await list(`limit=2${cursor}`)
      pages.push(...keysOf(page))
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(pages).toEqual(['e', 'd', 'c', 'b', 'a'])
    expect((await fixture.ask('/v1/sessions?cursor=nonsense')).status).toBe(400)
    expect((await fixture.ask('/v1/sessions/unheard-of')).status).toBe(404)
    expect((await fixture.ask('/v1/sessions/unheard-of/runs')).status).toBe(404)
  })
})
