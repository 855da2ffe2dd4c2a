import { describe, expect, it } from 'vitest'
import { isBlobRef } from '../src/blob.ts'
import { createUlids, isUlid } from '../src/id.ts'
import { isInstant } from '../src/instant.ts'
import { parseStream } from '../src/stream.ts'
import { subjects } from '../src/subjects.ts'
import { isTenant } from '../src/tenant.ts'

describe('ULIDs', () => {
  it('are made in ascending order, also within a millisecond', () => {
    const next = createUlids()
    const ids = Array.from({ length: 5000 }, next)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every(isUlid)).toBe(true)
  })

  it.each(['00000000000000000000000000', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ', '01M7YJZD5YW502KKT9P5VKADPA'])(
    'include %s',
    (id) => {
      expect(isUlid(id)).toBe(true)
    },
  )

  it.each([
    '',
    '01m7yjzd5yw502kkt9p5vkadpa',
    '80000000000000000000000000',
    '01M7YJZD5YW502KKT9P5VKADP',
    '01M7YJZD5YW502KKT9P5VKADPAA',
    '01M7YJZD5YW502KKT9P5VKADPI',
    '01M7YJZD5YW502KKT9P5VKADPL',
    '01M7YJZD5YW502KKT9P5VKADPO',
    '01M7YJZD5YW502KKT9P5VKADPU',
    ' 01M7YJZD5YW502KKT9P5VKADPA',
    '01M7YJZD5YW502KKT9P5VKADPA\n',
  ])('do not include %j', (id) => {
    expect(isUlid(id)).toBe(false)
  })
})

describe('stream names', () => {
  it.each([
    ['run/01K', 'run', '01K'],
    ['memory/user:7@acme/notes', 'memory', 'user:7@acme/notes'],
    ['cron/a.b-c_d=e~f+g', 'cron', 'a.b-c_d=e~f+g'],
    [`a${'b'.repeat(31)}/${'c'.repeat(200)}`, `a${'b'.repeat(31)}`, 'c'.repeat(200)],
  ])('split %s at the first slash', (name, kind, id) => {
    expect(parseStream(name)).toEqual({ kind, id })
  })

  it.each([
    '',
    'run',
    'run/',
    '/x',
    'Run/x',
    '1run/x',
    `a${'b'.repeat(32)}/x`,
    `run/${'c'.repeat(201)}`,
    'run/-x',
    'run/.x',
    'run//x',
    'run/a b',
    'run/a*',
    'run/a>',
    'run/a%2E',
    'run/é',
    'run/x\n',
    'run/a\u0000',
    'constructor',
    '__proto__',
  ])('refuse %j', (name) => {
    expect(() => parseStream(name)).toThrow(expect.objectContaining({ code: 'invalid-stream' }))
  })
})

describe('tenants', () => {
  it.each(['main', 'a', '0', 'acme-2', 'a'.repeat(63)])('may be named %s', (text) =>
    expect(isTenant(text)).toBe(true),
  )
  it.each(['', 'Main', '-a', 'a.b', 'a*', '*', '>', 'a b', 'a'.repeat(64), 'main\n'])(
    'may not be named %j',
    (text) => {
      expect(isTenant(text)).toBe(false)
    },
  )
})

describe('subjects', () => {
  it('name commands, queued appends and the head signal', () => {
    expect(subjects.rpc('main', 'journal', 'append')).toBe('daybook.rpc.main.journal.append')
    expect(subjects.rpc('*', 'journal', 'append')).toBe('daybook.rpc.*.journal.append')
    expect(subjects.appendQueue('main')).toBe('daybook.queue.main.append')
    expect(subjects.head).toBe('daybook.signal.head')
  })

  it('write an id as one token', () => {
    const event = { tenant: 'main', stream: 'memory/user.7@acme/v1.2', type: 'RUN_CREATED' }
    expect(subjects.event(event)).toBe('daybook.events.main.memory.user%2E7@acme/v1%2E2.RUN_CREATED')
  })

  it('refuse a stream that is none', () => {
    const event = { tenant: 'main', stream: 'run/a.*.>', type: 'RUN_CREATED' }
    expect(() => subjects.event(event)).toThrow(expect.objectContaining({ code: 'invalid-stream' }))
  })
})

describe('instants', () => {
  it.each([
    '2026-11-21T08:18:44.559Z',
    '2024-02-29T00:00:00.000Z',
    '0001-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ])('include %s', (text) => expect(isInstant(text)).toBe(true))

  it.each([
    '',
    '2026-11-21',
    '2026-11-21T08:18:44Z',
    '2026-11-21T08:18:44.55Z',
    '2026-11-21T08:18:44.5590Z',
    '2026-11-21T08:18:44.559+00:00',
    '2026-11-21 08:18:44.559Z',
    '2026-11-21t08:18:44.559z',
    '2026-02-29T00:00:00.000Z',
    '2026-02-30T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2026-00-01T00:00:00.000Z',
    '2026-01-00T00:00:00.000Z',
    '2026-01-32T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
    '2026-01-01T23:60:00.000Z',
    '2026-06-30T23:59:60.000Z',
    '0000-01-01T00:00:00.000Z',
    '+012026-01-01T00:00:00.000Z',
    '2026-11-21T08:18:44.559Z\n',
  ])('do not include %j', (text) => expect(isInstant(text)).toBe(false))
})

describe('blob references', () => {
  const ref = { $blob: 'a'.repeat(64), bytes: 70_000, mediaType: 'application/json' }

  it('are known by their form', () => {
    expect(isBlobRef(ref)).toBe(true)
    expect(isBlobRef({ ...ref, extra: 1 })).toBe(false)
    expect(isBlobRef({ ...ref, $blob: 'A'.repeat(64) })).toBe(false)
    expect(isBlobRef({ ...ref, bytes: -1 })).toBe(false)
    expect(isBlobRef(null)).toBe(false)
  })
})
