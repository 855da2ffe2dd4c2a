import { Pool } from 'undici'
import { authorized } from '../servers.ts'
import { type DaybookAddresses, daybookScenario, requestTimeoutMs } from './daybook.ts'
import type { Scenario } from './scenario.ts'

/** `POST /v1/events` to the gateway, which passes it on to the journal service. A kept-alive connection per caller. */
export function daybookHttp(addresses: DaybookAddresses): Scenario {
  return daybookScenario(addresses, {
    name: 'daybook-http',
    label: 'Daybook through HTTP',
    async connect({ callers }) {
      const pool = new Pool(addresses.gatewayUrl, {
        connections: callers,
        headersTimeout: requestTimeoutMs,
        bodyTimeout: requestTimeoutMs,
      })
      const headers = { ...authorized, 'content-type': 'application/json' }
      return {
        async request(body) {
          const { body: answer } = await pool.request({ method: 'POST', path: '/v1/events', headers, body })
          return answer.text()
        },
        [Symbol.asyncDispose]: () => pool.close(),
      }
    },
  })
}
