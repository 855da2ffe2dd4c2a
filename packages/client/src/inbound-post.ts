import type { Answer, Http } from './http.ts'
import type { ClaimOptions } from './inbound-commands.ts'

const PATH = '/v1/inbound/messages'

interface PostOptions extends ClaimOptions {
  /** How long the server may be at it before it answers. */
  readonly workMs?: number
}

/** Sends a command. */
export type Post = (path: string, body: object, options?: PostOptions) => Promise<Answer>

/** `timeoutMs` bounds one request, in addition to the time that it asks for. */
export function poster(http: Http, timeoutMs: number): Post {
  return (path, body, { waitMs, workMs = waitMs ?? 0, signal } = {}) =>
    http.readJson({
      method: 'POST',
      path,
      query: { wait: waitMs === undefined ? undefined : `${Math.ceil(waitMs)}ms` },
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      timeoutMs: timeoutMs + workMs,
      ...(signal !== undefined && { signal }),
    })
}

/** Of one message, or of a part of it. */
export function pathOf(key: string, part?: string): string {
  const path = `${PATH}/${encodeURIComponent(key)}`
  return part === undefined ? path : `${path}/${part}`
}
