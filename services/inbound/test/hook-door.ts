import { request as httpRequest } from 'node:http'
import type { Author } from '@daybook/eventing'
import { createHealth, createLogger, createMetrics, noCallers, serveHttp } from '@daybook/runtime'
import { startGateway } from '../../gateway/test/fixture.ts'
import { hookRoutes } from '../src/hooks/routes.ts'
import type { IncomingMessage, Receive } from '../src/receive.ts'
import { readSources } from '../src/sources.ts'
import {
  discordPublicKey,
  githubSecret,
  type Sent,
  slackSecret,
  standardSecret,
  stripeSecret,
  telegramSecret,
} from './signed-requests.ts'

export const oldSecret = 'CANARY-the-secret-before'
/** The secrets of all platforms. */
export const environment = {
  OLD: oldSecret,
  GITHUB: githubSecret,
  SLACK: slackSecret,
  STRIPE: stripeSecret,
  TELEGRAM: telegramSecret,
  DISCORD: discordPublicKey,
  STANDARD: standardSecret,
}

function hooked(verify: string, name: keyof typeof environment, more: object = {}) {
  return { hooks: { 'bot-2': { verify, secrets: [{ env: name }], ...more } } }
}

const hmac = { header: 'X-Sign', encoding: 'base64', messageId: { pointer: '/id' } }
/** A webhook of each platform, all of them for `bot-2`. */
export const sourcesText = JSON.stringify({
  sources: {
    github: hooked('github', 'GITHUB', { tenant: 'acme', secrets: [{ env: 'OLD' }, { env: 'GITHUB' }] }),
    slack: hooked('slack', 'SLACK'),
    stripe: hooked('stripe', 'STRIPE'),
    telegram: hooked('telegram', 'TELEGRAM'),
    discord: hooked('discord', 'DISCORD'),
    standard: hooked('standard-webhooks', 'STANDARD'),
    shop: hooked('hmac', 'OLD', hmac),
  },
})

export const accepted: Receive = async () => ({ outcome: 'accepted', key: 'k', position: 1 })

/** The door of webhooks behind a gateway. What is behind the door is the test's: it has tests of its own. */
export interface HookDoor extends AsyncDisposable {
  readonly url: string
  readonly gatewayUrl: string
  /** Lines of both logs. */
  readonly lines: () => string[]
  /** What came in since the last `behave`. */
  readonly received: { author: Author; message: IncomingMessage }[]
  /** What becomes of messages from now on. */
  behave(receive: Receive): void
}

export async function openHookDoor(): Promise<HookDoor> {
  await using stack = new AsyncDisposableStack()
  const lines: string[] = []
  const received: HookDoor['received'] = []
  let receive = accepted
  const destination = { write: (line: string) => void lines.push(line) }
  const common = {
    logger: createLogger({ service: 'inbound', level: 'debug', destination }),
    metrics: createMetrics({ service: 'inbound', processMetrics: false }),
  }
  const plugin = hookRoutes({
    ...common,
    sources: readSources(sourcesText, environment),
    receive: (author, message) => {
      received.push({ author, message })
      return receive(author, message)
    },
  })
  const door = { host: '127.0.0.1', port: 0, service: 'inbound', version: '1.0.0', callers: noCallers }
  const http = stack.use(await serveHttp({ ...common, ...door, health: createHealth(), plugins: [plugin] }))
  const gateway = stack.use(await startGateway({ inbound: http.url }))
  const opened = stack.move()
  return {
    url: http.url,
    gatewayUrl: gateway.url,
    lines: () => [...lines, ...gateway.lines],
    received,
    behave(next) {
      received.length = 0
      receive = next
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

export async function post(url: string, place: string, { headers, body }: Sent) {
  const response = await fetch(`${url}/v1/hooks/${place}`, { method: 'POST', headers, body })
  const text = await response.text()
  const json: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {}
  return { status: response.status, headers: response.headers, text, json }
}

/** Sends header lines as they are given, also the same one twice; answers the status. */
export async function postRaw(
  url: string,
  headers: Readonly<Record<string, string | string[]>>,
  body: string,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const sent = httpRequest(url, { method: 'POST', headers }, (answer) => {
    answer.resume()
    answer.once('end', () => resolve(answer.statusCode ?? 0))
  })
  sent.once('error', reject)
  sent.end(body)
  return promise
}
