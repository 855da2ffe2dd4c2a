import { expect, it } from 'vitest'
import { readInboundConfig } from '../src/config.ts'
import { runInbound } from '../src/run.ts'

const DATABASE_URL = 'postgres://daybook_inbound@localhost/daybook'

it('has defaults that fit the other services on one machine', () => {
  expect(readInboundConfig({ DATABASE_URL })).toMatchObject({
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: 7404,
    JOURNAL_URL: 'http://127.0.0.1:7401',
    NATS_URL: 'nats://127.0.0.1:4222',
    COMPARE_MS: 2_000,
  })
})

it('does not start without the sources that it was told of', async () => {
  const config = readInboundConfig({
    DATABASE_URL,
    SOURCES_FILE: '/nowhere/sources.json',
    LOG_LEVEL: 'silent',
  })
  await expect(runInbound(config, { signal: AbortSignal.abort(), environment: {} })).rejects.toMatchObject({
    code: 'invalid-usage',
    message: expect.stringContaining('/nowhere/sources.json'),
  })
})
