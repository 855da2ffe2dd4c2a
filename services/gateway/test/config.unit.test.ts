import { expect, it } from 'vitest'
import { readGatewayConfig } from '../src/config.ts'

it('has defaults that fit the other services on one machine', () => {
  expect(readGatewayConfig({})).toMatchObject({
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: 7400,
    JOURNAL_URL: 'http://127.0.0.1:7401',
    PROJECTION_URL: 'http://127.0.0.1:7402',
  })
})

it.each(['journal:7401', 'ftp://journal', 'http://', 'http://journal?x=1'])(
  'refuses %j as the URL of a service',
  (url) => {
    expect(() => readGatewayConfig({ JOURNAL_URL: url })).toThrow('JOURNAL_URL')
  },
)
