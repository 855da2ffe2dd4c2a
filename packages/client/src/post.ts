import type { Answer, Http } from './http.ts'

export interface ClaimOptions {
  /** How long the server waits for work when there is none, at most 30 s; not at all unless told. */
  readonly waitMs?: number
  /** Hangs up. What the server grants at that moment is leased all the same: repeat the claim to learn of it. */
  readonly signal?: AbortSignal
}

interface PostOptions extends ClaimOptions {
  /** How long the server may be at it before it answers. */
  readonly workMs?: number
  readonly method?: 'POST' | 'PATCH'
}

/** Sends a command. */
export type Post = (path: string, body: object, options?: PostOptions) => Promise<Answer>

/** `timeoutMs` bounds one request, in addition to the time that it asks for. */
export function poster(http: Http, timeoutMs: number): Post {
  return (path, body, { waitMs, workMs = waitMs ?? 0, signal, method = 'POST' } = {}) =>
    http.readJson({
      method,
      path,
      query: { wait: waitMs === undefined ? undefined : `${Math.ceil(waitMs)}ms` },
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      timeoutMs: timeoutMs + workMs,
      ...(signal !== undefined && { signal }),
    })
}
