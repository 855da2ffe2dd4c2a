import { describe, expect, it } from 'vitest'
import { readProjectionConfig } from '../src/config.ts'

describe('readProjectionConfig', () => {
  it('needs the address of the database and knows the rest', () => {
    expect(readProjectionConfig({ DATABASE_URL: 'postgres://db/daybook' })).toEqual({
      DATABASE_URL: 'postgres://db/daybook',
      NATS_URL: 'nats://127.0.0.1:4222',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: 7402,
      JOURNAL_URL: 'http://127.0.0.1:7401',
      LOG_LEVEL: 'info',
      COMPARE_MS: 2_000,
      EVENTS_AGE_HOURS_MAX: 168,
      EVENTS_BYTES_MAX: 1_073_741_824,
      LAG_MAX: 10_000,
    })
  })

  it('names all faults at once', () => {
    expect(() => readProjectionConfig({ HTTP_PORT: 'http', COMPARE_MS: '0' })).toThrow(
      /DATABASE_URL[^]*HTTP_PORT[^]*COMPARE_MS/,
    )
  })
})
