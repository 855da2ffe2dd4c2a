import { foldSession, type JsonObject, sessionDocument } from '@daybook/events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPatch } from '../../../../packages/events/test/apply-patch.ts'
import { openService, type ServiceFixture } from '../service-fixture.ts'
import { ask } from './ask.ts'

const stream = 'session/s1'
const minute = (nth: number) => `2026-11-21T09:${String(nth).padStart(2, '0')}:00.000Z`
const told: [string, JsonObject][] = [
  ['SESSION_STARTED', { sessionKey: 'key', principal: 'user:ada', title: 'first' }],
  ['SESSION_RUN_LINKED', { runId: 'r1' }],
  ['SESSION_RENAMED', { title: 'second', by: 'person' }],
  ['SESSION_RUN_LINKED', { runId: '__proto__' }],
  ['SESSION_RESET', { reason: 'again' }],
  ['SESSION_ARCHIVED', {}],
]

let fixture: ServiceFixture

beforeAll(async () => {
  fixture = await openService()
  await fixture.journal.append(
    ...told.map(([type, data], nth) => ({ stream, type, data, recordedAt: minute(nth + 1) })),
    { stream: 'session/foreign', type: 'SESSION_STARTED', data: { sessionKey: 'k' }, tenant: 'other' },
  )
})

afterAll(() => fixture[Symbol.asyncDispose]())

async function documentAt(seq: number) {
  const events = await fixture.journal.readAll()
  const own = events.filter((event) => event.stream === stream && event.seq <= seq)
  return JSON.parse(JSON.stringify(sessionDocument(foldSession(own))))
}

describe('GET /v1/sessions/{id}/state', () => {
  it('is the fold of the events up to there', async () => {
    for (let seq = 0; seq <= told.length; seq += 1) {
      const { text } = await ask(fixture, `/v1/sessions/s1/state?at=${seq}`)
      const { session, links } = JSON.parse(text)
      expect({ session, links }).toEqual(await documentAt(seq))
    }
  })

  it('takes instants, and is of now when none is named', async () => {
    const then = await ask(fixture, `/v1/sessions/s1/state?at=${minute(3)}`)
    expect(then.body).toMatchObject({
      seq: 3,
      lastSeq: 6,
      recordedAt: minute(3),
      session: { title: 'second' },
    })
    const now = await ask(fixture, '/v1/sessions/s1/state')
    expect(now.body).toMatchObject({ seq: 6, session: { status: 'archived', epoch: 2 } })
  })

  it('gives the linked runs in pages', async () => {
    const first = await ask(fixture, '/v1/sessions/s1/state?limit=1')
    const second = await ask(fixture, `/v1/sessions/s1/state?limit=1&cursor=${first.body.next}`)
    expect([first, second].map(({ text }) => Object.keys(JSON.parse(text).links))).toEqual([
      ['r1'],
      ['__proto__'],
    ])
    expect(second.body.next).toBeNull()
  })

  it('has nothing of a payload that is about to be erased', async () => {
    const erasureId = '01K00000000000000000ERASE0'
    const [started] = await fixture.journal.append({
      stream: 'session/s2',
      type: 'SESSION_STARTED',
      data: { sessionKey: 'k2', principal: 'user:ada', title: 'a secret' },
    })
    await sql`update journal.erasure_progress set position = ${started?.position ?? 0}`.execute(
      fixture.journal.database.kysely,
    )
    const { id = '', seq = 0, position = 0, checksum = '' } = started ?? {}
    const ranges = [{ first: seq, last: seq }]
    const events = [{ id, stream: 'session/s2', seq, position, checksum }]
    await fixture.journal.append(
      { stream: 'session/s2', type: 'SESSION_PAYLOADS_ERASED', data: { erasureId, ranges } },
      { stream: `erasure/${erasureId}`, type: 'PAYLOADS_ERASED', data: { reason: 'asked for', events } },
    )
    const { text } = await ask(fixture, '/v1/sessions/s2/state?at=1')
    expect(text).not.toContain('a secret')
    expect(JSON.parse(text)).toMatchObject({ seq: 1, session: { erasedTotal: 1 } })
  })

  it.each([
    ['/v1/sessions/nobody/state', 404, 'not-found'],
    ['/v1/sessions/foreign/state', 404, 'not-found'],
    ['/v1/sessions/s1/state?at=7', 400, 'invalid-request'],
    ['/v1/sessions/s1/diff', 400, 'invalid-request'],
    ['/v1/sessions/s1/diff?from=1&cursor=junk', 400, 'invalid-cursor'],
  ])('refuses %s with %i %s', async (path, status, code) => {
    expect(await ask(fixture, path)).toMatchObject({ status, body: { code } })
  })
})

describe('GET /v1/sessions/{id}/diff', () => {
  it('makes the one state of the other, forward and backward, page by page', async () => {
    for (const [from, to] of [
      [0, 6],
      [6, 0],
      [1, 4],
      [5, 2],
      [3, 3],
    ] as const) {
      let made = await documentAt(from)
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after = cursor === '' ? '' : `&cursor=${cursor}`
        const { body } = await ask(fixture, `/v1/sessions/s1/diff?from=${from}&to=${to}&limit=1${after}`)
        made = applyPatch(made, body.patch)
        cursor = body.next
      }
      expect(made).toEqual(await documentAt(to))
    }
  })
})
