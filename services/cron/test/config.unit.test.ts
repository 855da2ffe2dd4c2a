import { expect, it } from 'vitest'
import { readCronConfig } from '../src/config.ts'

const DATABASE_URL = 'postgres://daybook_cron@localhost/daybook'

it('has defaults that fit the other services on one machine', () => {
  expect(readCronConfig({ DATABASE_URL })).toMatchObject({
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: 7405,
    JOURNAL_URL: 'http://127.0.0.1:7401',
    NATS_URL: 'nats://127.0.0.1:4222',
    COMPARE_MS: 2_000,
  })
})

it('needs a database', () => {
  expect(() => readCronConfig({})).toThrow('DATABASE_URL')
})
