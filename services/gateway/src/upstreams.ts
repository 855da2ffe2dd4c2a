import http from 'node:http'
import https from 'node:https'
import type { CheckResult, Health } from '@daybook/runtime'

/** The services behind the gateway. */
export const upstreamNames = ['journal', 'projection', 'inbound', 'cron'] as const
export type UpstreamName = (typeof upstreamNames)[number]

/** One service, and the connections to it that are kept open between requests. */
export interface Upstream extends Disposable {
  readonly name: UpstreamName
  /** `path` is sent as it is, without decoding or tidying: a stream id may hold `%2F` and `..`. */
  request(path: string, options: { method: string; headers: http.OutgoingHttpHeaders }): http.ClientRequest
  /** For the gateway's own questions, which are small and asked rarely. */
  fetch(path: string, signal: AbortSignal, headers?: Readonly<Record<string, string>>): Promise<Response>
}

export function openUpstream(name: UpstreamName, url: string): Upstream {
  const base = new URL(url)
  const basePath = base.pathname.replace(/\/$/, '')
  const { Agent, request } = base.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true })
  return {
    name,
    request: (path, options) =>
      request({
        // A URL has an IPv6 address in brackets, a socket does not.
        hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
        ...(base.port === '' ? {} : { port: base.port }),
        path: `${basePath}${path}`,
        agent,
        ...options,
      }),
    fetch: (path, signal, headers = {}) =>
      fetch(`${base.origin}${basePath}${path}`, { signal, headers, redirect: 'error' }),
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** The gateway is ready when the services are: each one's own checks are repeated in the reason. */
export function checkUpstreams(health: Health, upstreams: Iterable<Upstream>): void {
  for (const upstream of upstreams) health.addCheck(upstream.name, (signal) => check(upstream, signal))
}

async function check(upstream: Upstream, signal: AbortSignal): Promise<CheckResult> {
  const answer = await upstream.fetch('/readyz', signal).catch(() => undefined)
  if (answer === undefined) return { ok: false, reason: 'cannot be reached' }
  const readiness: unknown = await answer.json().catch(() => undefined)
  return answer.ok ? { ok: true } : { ok: false, reason: reasonsIn(readiness) || 'not ready' }
}

/** `database: the check failed; relay: behind` */
function reasonsIn(readiness: unknown): string {
  if (!isRecord(readiness) || !isRecord(readiness['checks'])) return ''
  const checks = Object.entries(readiness['checks'])
  const failed = checks.filter(([, result]) => isRecord(result) && result['ok'] !== true)
  return failed
    .map(([name, result]) => `${name}: ${isRecord(result) ? String(result['reason']) : ''}`)
    .join('; ')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
