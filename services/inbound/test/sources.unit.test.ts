import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'
import { inboundLimitsOf } from '@daybook/events'
import { createLogger } from '@daybook/runtime'
import { afterAll, describe, expect, it } from 'vitest'
import { readSources } from '../src/sources.ts'
import { discordPublicKey, fromGithub, githubSecret, standardSecret } from './signed-requests.ts'

const folder = mkdtempSync(join(tmpdir(), 'daybook-sources-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const environment = { HOOK_SECRET: githubSecret, EMPTY: '' }
const hook = { verify: 'github', secrets: [{ env: 'HOOK_SECRET' }] }

function read(sources: object) {
  return readSources(JSON.stringify({ sources }), environment)
}

/** The places and words of what is wrong. */
function faultsIn(sources: object | string): string[] {
  try {
    readSources(typeof sources === 'string' ? sources : JSON.stringify({ sources }), environment)
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    expect(error.code).toBe('invalid-usage')
    const faults = error.details?.['faults']
    return Array.isArray(faults)
      ? faults.map((fault) => Object.values(Object(fault)).join(' '))
      : [error.message]
  }
  throw new Error('nothing is wrong with it')
}

describe('the file of sources', () => {
  it('may be missing: then all sources have the usual limits, and there are no webhooks', () => {
    const sources = readSources(undefined, {})
    expect(sources.limitsOf('telegram')).toEqual(inboundLimitsOf({}))
    expect(sources.hookOf('telegram', 'support')).toBeUndefined()
  })

  it('sets limits for a source, and for all others', () => {
    const sources = read({
      '*': { limits: { leaseMs: 1_000, maxAttempts: 2 } },
      slack: { limits: { leaseMs: 2_000 } },
    })
    expect(sources.limitsOf('github')).toEqual(inboundLimitsOf({ leaseMs: 1_000, maxAttempts: 2 }))
    expect(sources.limitsOf('slack')).toEqual(inboundLimitsOf({ leaseMs: 2_000, maxAttempts: 2 }))
  })

  it('opens a webhook for each account of a source, for the tenant that it names', () => {
    const sources = read({ github: { hooks: { 'team-2': { ...hook, tenant: 'acme' }, '7_b': hook } } })
    expect(sources.hookOf('github', 'team-2')).toMatchObject({
      source: 'github',
      account: 'team-2',
      tenant: 'acme',
    })
    expect(sources.hookOf('github', '7_b')?.tenant).toBe('main')
    for (const [source, account] of [
      ['github', 'team'],
      ['slack', 'team-2'],
      ['github/team-2', ''],
      ['__proto__', 'toString'],
    ] as const)
      expect(sources.hookOf(source, account)).toBeUndefined()
  })

  it('takes secrets from files and variables, without the line feed at the end of a file', () => {
    const secrets = [{ file: file('old', 'an older one\n') }, { file: file('new', `${githubSecret}\r\n`) }]
    const { headers, body } = fromGithub('{}')
    const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
    const opened = read({ github: { hooks: { a: { ...hook, secrets }, b: hook } } })
    for (const account of ['a', 'b'])
      expect(
        opened.hookOf('github', account)?.verify({ headers: distinct, body: Buffer.from(body) }, 0),
      ).toBe('valid')
  })

  it('is refused with all that is wrong with it, by its places', () => {
    const hmac = {
      verify: 'hmac',
      secrets: [{ env: 'HOOK_SECRET' }],
      header: 'X-Sign',
      messageId: { pointer: '/id' },
    }
    const faults = faultsIn({
      '*': { hooks: { a: hook } },
      'Upper Case': {},
      slack: { limits: { leaseMs: 0, maxTries: 3 }, hook: {} },
      a: { hooks: { '-x': hook, x: 7 } },
      b: { hooks: { x: { ...hook, verify: 'pgp' } } },
      c: { hooks: { x: { ...hook, more: 1 } } },
      d: { hooks: { x: { ...hook, tenant: 'No Tenant' } } },
      e: { hooks: { x: { ...hook, secrets: [] } } },
      f: { hooks: { x: { ...hook, secrets: [{ env: 'HOOK_SECRET', file: '/x' }] } } },
      g: { hooks: { x: { ...hmac, messageId: undefined } } },
      h: { hooks: { x: { ...hmac, messageId: { pointer: 'id' } } } },
      i: { hooks: { x: { ...hmac, header: 'Authorization' } } },
    })
    const places = [
      '/sources/*/hooks/a ',
      '/sources/Upper Case ',
      '/sources/slack/limits/leaseMs ',
      '/sources/slack/limits/maxTries ',
      '/sources/slack/hook ',
      '/sources/a/hooks/-x ',
      '/sources/a/hooks/x ',
      '/sources/b/hooks/x/verify ',
      '/sources/c/hooks/x/more ',
      '/sources/d/hooks/x/tenant ',
      '/sources/e/hooks/x/secrets ',
      '/sources/f/hooks/x/secrets/0 ',
      '/sources/g/hooks/x ',
      '/sources/h/hooks/x/messageId/pointer ',
      '/sources/i/hooks/x/header ',
    ]
    for (const place of places) expect(faults.filter((fault) => fault.startsWith(place))).toHaveLength(1)
    expect(faults).toHaveLength(places.length)
  })

  it.each([
    ['X-Hub-Signature-256', 'holds a secret or a signature'],
    ['X-Sign', 'holds a secret or a signature'],
    ['Authorization', 'holds a secret or a signature'],
    ['X-Request-Id', 'differs when a message is sent again'],
    ['traceparent', 'differs when a message is sent again'],
    ['X-Amzn-Trace-Id', 'differs when a message is sent again'],
    ['CF-Ray', 'differs when a message is sent again'],
    ['Webhook-Timestamp', 'differs when a message is sent again'],
  ])('takes no id from the header %s', (header, detail) => {
    const hmac = { verify: 'hmac', secrets: [{ env: 'HOOK_SECRET' }], header: 'X-Sign' }
    const [fault, ...others] = faultsIn({ a: { hooks: { x: { ...hmac, messageId: { header } } } } })
    expect(fault).toBe(`/sources/a/hooks/x/messageId names a header that ${detail}`)
    expect(others).toEqual([])
    const keeping = { ...hmac, messageId: { pointer: '/id' }, keepHeaders: [header] }
    expect(faultsIn({ a: { hooks: { x: keeping } } })[0]).toContain('/keepHeaders/0')
  })

  it('needs each secret that it names, and says which is missing', () => {
    const secrets = (...places: object[]) => faultsIn({ a: { hooks: { x: { ...hook, secrets: places } } } })
    expect(
      secrets({ env: 'NOT_SET' }, { env: 'EMPTY' }, { file: '/not/there' }, { file: file('empty', '\n') }),
    ).toEqual([
      '/sources/a/hooks/x/secrets/0 the environment variable is not set',
      '/sources/a/hooks/x/secrets/1 the environment variable is not set',
      '/sources/a/hooks/x/secrets/2 the file cannot be read by this process',
      '/sources/a/hooks/x/secrets/3 the file is empty',
    ])
    const discord = { verify: 'discord', secrets: [{ env: 'HOOK_SECRET' }] }
    expect(faultsIn({ a: { hooks: { x: discord } } })).toEqual([
      '/sources/a/hooks/x/secrets/0 what is there is not the public key of the application, 64 hexadecimal digits',
    ])
  })

  it('has each account of a source once, so that it belongs to one tenant', () => {
    const text = `{"sources":{"a":{"hooks":{"x":${JSON.stringify(hook)},"x":${JSON.stringify({ ...hook, tenant: 'b' })}}}}}`
    expect(faultsIn(text)[0]).toMatch(/not the JSON it has to be/)
  })

  it.each([
    '',
    '[]',
    '{}',
    'null',
    '{"sources":[]}',
    '{"sources":{},"more":1}',
    '{"sources":{"a":{"hook":{}}}}',
  ])('is not %s', (text) => {
    expect(faultsIn(text).length).toBeGreaterThan(0)
  })

  it('shows nothing of a secret, wherever it was put, nor do its webhooks', () => {
    const canary = 'CANARY-of-a-secret'
    const wrong: object[] = [
      { ...hook, secrets: [canary] },
      { ...hook, secrets: canary },
      { ...hook, secrets: [{ file: canary }] },
      { ...hook, secrets: [{ env: canary }] },
      { ...hook, secrets: [{ env: 'CANARY' }] },
      { ...hook, verify: canary },
      { ...hook, tenant: canary },
      { verify: 'discord', secrets: [{ env: 'CANARY' }] },
    ]
    for (const settings of wrong) {
      const text = JSON.stringify({ sources: { a: { hooks: { x: settings } } } })
      const withoutCanary = settings === wrong[4] ? {} : { CANARY: canary }
      let shown = ''
      try {
        readSources(text, withoutCanary)
      } catch (error) {
        const lines: string[] = []
        createLogger({ service: 'test', destination: { write: (line) => void lines.push(line) } }).error({
          err: error,
        })
        shown = `${lines.join('')}${JSON.stringify(error)}${String(error)}`
      }
      expect(shown).toContain('/sources/a/hooks/x')
      expect(shown).not.toContain(canary)
    }
    const opened = readSources(
      JSON.stringify({ sources: { a: { hooks: { x: { ...hook, secrets: [{ env: 'C' }] } } } } }),
      { C: canary },
    )
    const lines: string[] = []
    createLogger({ service: 'test', destination: { write: (line) => void lines.push(line) } }).info({
      opened: opened.hookOf('a', 'x'),
      sources: opened,
    })
    expect(lines.join('')).not.toContain(canary)
  })
})

describe('the example in infra/inbound', () => {
  it('is a file of sources, once its secrets are there', () => {
    const path = join(import.meta.dirname, '../../../infra/inbound/sources.example.json')
    const example = readFileSync(path, 'utf8').replaceAll(
      /\{ "file": "[^"]*\/([a-z-]+)" \}/g,
      '{ "env": "$1" }',
    )
    const names = [...example.matchAll(/"env": "([\w-]+)"/g)].map(([, name = '']) => name)
    const asVariables = example.replaceAll(
      /"env": "([\w-]+)"/g,
      (_all, name: string) => `"env": "${name.replaceAll('-', '_')}"`,
    )
    const secrets = names.map((name) => [
      name.replaceAll('-', '_'),
      name.startsWith('discord')
        ? discordPublicKey
        : name.startsWith('billing')
          ? standardSecret
          : 'a-secret',
    ])
    const read = readSources(asVariables, Object.fromEntries(secrets))
    expect(read.hookOf('shop', 'orders')?.tenant).toBe('main')
    expect(read.limitsOf('telegram').staleness).toBe('drop-with-record')
  })
})
