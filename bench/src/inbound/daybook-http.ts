import { Pool } from 'undici'
import { type DaybookAddresses, requestTimeoutMs } from '../append/daybook.ts'
import { authorized } from '../servers.ts'
import { type DaybookInbound, daybookInbound } from './daybook.ts'

/** One that waits for messages, beside those that bring and complete them. */
const CLAIMERS = 1

/** The HTTP API at the gateway, with a token. Kept-alive connections, one for each request that can be under way. */
export function daybookInboundHttp(addresses: DaybookAddresses): DaybookInbound {
  return daybookInbound(addresses, {
    name: 'daybook-http',
    label: 'Daybook through HTTP',
    async connect(callers) {
      const pool = new Pool(addresses.gatewayUrl, {
        connections: 2 * callers + CLAIMERS,
        headersTimeout: requestTimeoutMs,
        bodyTimeout: requestTimeoutMs,
      })
      const headers = { ...authorized, 'content-type': 'application/json' }
      const post = async (path: string, content: object): Promise<string> => {
        const body = JSON.stringify(content)
        const answer = await pool.request({ method: 'POST', path: `/v1/inbound/${path}`, headers, body })
        return await answer.body.text()
      }
      return {
        receive: (message) => post('messages', message),
        claim: (body, wait) => post(`claim?wait=${wait}`, body),
        complete: (key, body) => post(`messages/${key}/complete`, body),
        [Symbol.asyncDispose]: () => pool.destroy(),
      }
    },
  })
}
