import { expect, it } from 'vitest'
import { adminTokenOf, readGatewayConfig } from '../src/config.ts'

const DATABASE_URL = 'postgres://daybook_gateway@localhost/daybook'

it('has defaults that fit the other services on one machine', () => {
  expect(readGatewayConfig({ DATABASE_URL })).toMatchObject({
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: 7400,
    JOURNAL_URL: 'http://127.0.0.1:7401',
    PROJECTION_URL: 'http://127.0.0.1:7402',
    INBOUND_URL: 'http://127.0.0.1:7404',
    CRON_URL: 'http://127.0.0.1:7405',
  })
})

it.each(['journal:7401', 'ftp://journal', 'http://', 'http://journal?x=1'])(
  'refuses %j as the URL of a service',
  (url) => {
    expect(() => readGatewayConfig({ DATABASE_URL, JOURNAL_URL: url })).toThrow('JOURNAL_URL')
  },
)

it('serves with an admin token only, and says how to make one', () => {
  expect(() => adminTokenOf(readGatewayConfig({ DATABASE_URL }))).toThrow('openssl rand')
  const token = `dbk_admin_${'x'.repeat(32)}`
  expect(adminTokenOf(readGatewayConfig({ DATABASE_URL, ADMIN_TOKEN: token }))).toBe(token)
})

it.each(['secret', `dbk_admin_${'x'.repeat(31)}`, `dbk_other_${'x'.repeat(32)}`])(
  'refuses %j as the admin token, without showing it',
  (token) => {
    let message = ''
    try {
      readGatewayConfig({ DATABASE_URL, ADMIN_TOKEN: token })
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('ADMIN_TOKEN')
    expect(message).not.toContain(token)
  },
)
