import { describe, expect, it } from 'vitest'
import { createLogger } from '../src/index.ts'

const CANARY = 'canary-7f3a'

function logging(pretty = false) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { lines, logger: createLogger({ service: 'journal', destination, pretty }) }
}

describe('createLogger', () => {
  it('writes one JSON line with service, level, time and fields', () => {
    const { lines, logger } = logging()
    logger.warn({ batch: 3 }, 'batch is slow')
    const [line] = lines.map((text): unknown => JSON.parse(text))
    expect(line).toMatchObject({ service: 'journal', level: 'warn', msg: 'batch is slow', batch: 3 })
    expect(line).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT/))
  })

  it.each([
    ['a header', { headers: { authorization: CANARY } }],
    ['a cookie', { req: { headers: { 'set-cookie': CANARY } } }],
    ['a password', { database: { password: CANARY } }],
    ['a token in a list', { credentials: [{ accessToken: CANARY }] }],
    ['an api key', { apiKey: CANARY, API_KEY: CANARY }],
    ['a URL', { url: `postgres://daybook:${CANARY}@localhost/daybook` }],
    ['a user in a URL', { url: `nats://${CANARY}@localhost:4222` }],
    ['an authorization value', { note: `sent Bearer ${CANARY}` }],
    ['a token of Daybook, wherever it stands', { note: `"dbk_0a1b2c3d4e5f6_${CANARY}${'0'.repeat(40)}",` }],
    ['the message of an error', { err: new Error(`cannot reach nats://a:${CANARY}@localhost`) }],
    [
      'the row that a driver hangs on its error',
      { err: Object.assign(new Error('unique'), { detail: CANARY }) },
    ],
    ['the cause of an error', { err: new Error('outer', { cause: { password: CANARY } }) }],
  ])('keeps a secret in %s out of the log', (_where, fields) => {
    const { lines, logger } = logging()
    logger.info(fields, 'something happened')
    logger.child(fields).info('something happened')
    expect(lines).toHaveLength(2)
    expect(lines.join('')).not.toContain(CANARY)
  })

  it('keeps code, message and stack of an error', () => {
    const { lines, logger } = logging()
    logger.error(Object.assign(new Error('no such table'), { code: '42P01' }), 'query failed')
    expect(JSON.parse(lines.join(''))).toMatchObject({
      msg: 'query failed',
      err: {
        type: 'Error',
        code: '42P01',
        message: 'no such table',
        stack: expect.stringContaining('logger.unit'),
      },
    })
  })

  it('writes for people when asked', () => {
    const { lines, logger } = logging(true)
    logger.info({ port: 7400, err: new Error('broken') }, 'listening')
    expect(lines.join('')).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}info {3}journal {2}listening {2}port=7400 {2}err=\nError: broken/,
    )
  })
})
