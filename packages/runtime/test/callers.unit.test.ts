import { DaybookError } from '@daybook/errors'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  assertCaller,
  assertedCallers,
  CALLER_HEADER,
  type Caller,
  type CallerCheck,
  callerOf,
  createHttpApp,
  type HttpPlugin,
  type RouteScope,
  scopes,
} from '../src/index.ts'
import { documented, parts } from './fixture.ts'

const KEY = 'k'.repeat(32)
const ann: Caller = { tenant: 'acme', actor: { kind: 'user', id: 'Ann Ö.' }, scopes: ['read', 'append'] }

function routeOf(scope?: RouteScope): HttpPlugin {
  return async (app) => {
    app.get('/x', { schema: documented('x'), ...(scope && { config: { scope } }) }, async (request) => ({
      caller: scope === 'public' ? null : callerOf(request),
    }))
  }
}

async function appAsking(scope: RouteScope | undefined, callers: CallerCheck) {
  const app = await createHttpApp({ ...parts(), callers, plugins: [routeOf(scope)] })
  return Object.assign(app, { [Symbol.asyncDispose]: () => app.close() })
}

describe('a route', () => {
  it('that names no scope keeps the server from starting', async () => {
    await expect(appAsking(undefined, () => ann)).rejects.toThrow('GET /x does not say what it asks')
  })

  it.each(
    scopes.flatMap((needed) => scopes.map((own) => ({ needed, own, is: own === needed || own === 'admin' }))),
  )('that asks for $needed lets $own in: $is', async ({ needed, own, is }) => {
    await using app = await appAsking(needed, () => ({ ...ann, scopes: [own] }))
    const answer = await app.inject('/x')
    expect(answer.statusCode).toBe(is ? 200 : 403)
    if (is) return
    expect(answer.json()).toMatchObject({ code: 'forbidden', details: { scope: needed } })
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="daybook", error="insufficient_scope", scope="${needed}"`,
    )
  })

  it('lets nobody in who has no scope at all, unless it asks for any caller', async () => {
    const nothing = () => ({ ...ann, scopes: [] })
    await using closed = await appAsking('read', nothing)
    await using open = await appAsking('any', nothing)
    expect((await closed.inject('/x')).statusCode).toBe(403)
    expect((await open.inject('/x')).statusCode).toBe(200)
  })

  it('knows its caller', async () => {
    await using app = await appAsking('read', () => ann)
    expect((await app.inject('/x')).json()).toEqual({ caller: ann })
  })

  it('tells in the document what it asks for', async () => {
    await using app = await appAsking('append', () => ann)
    await using open = await appAsking('public', () => ann)
    const operationOf = async (from: typeof app) =>
      (await from.inject('/openapi.json')).json().paths['/x'].get
    expect(await operationOf(app)).toMatchObject({ security: [{ token: ['append'] }] })
    expect(await operationOf(open)).not.toHaveProperty('security')
  })
})

describe('who cannot be told', () => {
  const nobody: CallerCheck = () => {
    throw new DaybookError('unauthenticated', 'Who are you?')
  }

  it.each([
    [{}, 'Bearer realm="daybook"'],
    [{ authorization: 'Bearer wrong' }, 'Bearer realm="daybook", error="invalid_token"'],
  ])('is asked for a token when it sends %j', async (headers, challenge) => {
    await using app = await appAsking('any', nobody)
    const answer = await app.inject({ url: '/x', headers })
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'unauthenticated'])
    expect(answer.headers['www-authenticate']).toBe(challenge)
  })

  it('is asked for nothing where all are welcome, and before its body is read', async () => {
    await using app = await appAsking('public', nobody)
    expect((await app.inject('/x')).statusCode).toBe(200)
    expect((await app.inject('/healthz')).statusCode).toBe(200)
    expect((await app.inject('/elsewhere')).statusCode).toBe(404)
    expect((await app.inject({ method: 'POST', url: '/x' })).statusCode).toBe(405)
  })
})

describe('the header daybook-caller', () => {
  afterEach(() => void vi.useRealTimers())
  const ask = async (header: string | undefined, key = KEY) => {
    await using app = await appAsking('any', assertedCallers(key))
    return app.inject({ url: '/x', headers: header === undefined ? {} : { [CALLER_HEADER]: header } })
  }

  it('carries a caller from one service to another', async () => {
    expect((await ask(assertCaller(KEY, ann))).json()).toEqual({ caller: ann })
    const asked: Caller = { ...ann, service: 'gateway' }
    expect((await ask(assertCaller(KEY, asked))).json()).toEqual({ caller: asked })
  })

  it('is believed only from who has the key', async () => {
    expect((await ask(assertCaller('l'.repeat(32), ann))).statusCode).toBe(401)
    expect((await ask(undefined)).statusCode).toBe(401)
  })

  it('is believed for a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const header = assertCaller(KEY, ann)
    vi.advanceTimersByTime(59_000)
    expect((await ask(header)).statusCode).toBe(200)
    vi.advanceTimersByTime(2_000)
    expect((await ask(header)).statusCode).toBe(401)
  })

  it('is believed for no name that cannot be a tenant', async () => {
    expect((await ask(assertCaller(KEY, { ...ann, tenant: '*' }))).statusCode).toBe(401)
  })

  it('is not believed when a single character of it is another one', async () => {
    await using app = await appAsking('any', assertedCallers(KEY))
    const header = assertCaller(KEY, ann)
    const other = fc.integer({ min: 0, max: header.length - 1 }).map((at) => {
      const swapped = header[at] === 'A' ? 'B' : 'A'
      return header.slice(0, at) + swapped + header.slice(at + 1)
    })
    await fc.assert(
      fc.asyncProperty(other, async (forged) => {
        // The last character of base64 holds bits that mean nothing.
        fc.pre(!sameBytes(forged, header))
        const answer = await app.inject({ url: '/x', headers: { [CALLER_HEADER]: forged } })
        expect(answer.statusCode).toBe(401)
      }),
    )
  })

  it.each(['', '.', 'a.b', 'a.b.c', `${'x'.repeat(5_000)}.${'y'.repeat(43)}`])(
    '%j is nobody',
    async (header) => {
      expect((await ask(header)).statusCode).toBe(401)
    },
  )

  it('needs a key that is as long as what it makes', () => {
    expect(() => assertedCallers('k'.repeat(31))).toThrow('at least 32 bytes')
  })
})

function sameBytes(a: string, b: string): boolean {
  const bytesOf = (text: string) =>
    text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'))
  return bytesOf(a).join() === bytesOf(b).join()
}
