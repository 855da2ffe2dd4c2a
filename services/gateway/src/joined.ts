import { DaybookError } from '@daybook/errors'
import { assertCaller, CALLER_HEADER, callerOf, REQUEST_ID_HEADER } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Upstream } from './upstreams.ts'

export interface JoinOptions {
  callerKey: string
  /** For all answers, which are asked for at once. */
  timeoutMs: number
}

/**
 * Answers `GET /v1/projections` for several services: each has read models of its own. One that is away is named in
 * `missing`, which is absent where none is, and hides nobody else's. What one refuses, such as a caller without the
 * scope, is refused in its words. Code: `unavailable` when none answers.
 */
export function joinLists(services: readonly Upstream[], options: JoinOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answers = await Promise.all(services.map((service) => ask(service, request, options)))
    const refused = answers.find((answer) => answer?.refusal !== undefined)?.refusal
    if (refused !== undefined) return reply.code(refused.status).headers(refused.headers).send(refused.body)
    const missing = services.filter((_, index) => answers[index] === undefined).map(({ name }) => name)
    if (missing.length === services.length) throw noneAnswers(missing)
    const projections = answers.flatMap((answer) => answer?.list ?? [])
    return reply.send({ projections, ...(missing.length > 0 && { missing }) })
  }
}

interface Answer {
  list?: unknown[]
  refusal?: { status: number; headers: Record<string, string>; body: unknown }
}

/** Undefined where there is no answer that says anything about the projections. */
async function ask(
  upstream: Upstream,
  request: FastifyRequest,
  { callerKey, timeoutMs }: JoinOptions,
): Promise<Answer | undefined> {
  const headers = {
    [CALLER_HEADER]: assertCaller(callerKey, callerOf(request)),
    [REQUEST_ID_HEADER]: request.id,
  }
  try {
    const answer = await upstream.fetch(request.raw.url ?? '/', AbortSignal.timeout(timeoutMs), headers)
    const body: unknown = await answer.json()
    if (answer.ok) return listIn(body)
    if (answer.status === 400 || answer.status === 403) return { refusal: refusalOf(answer, body) }
    request.log.warn(
      { upstream: upstream.name, status: answer.status },
      'a service did not list its projections',
    )
  } catch (error) {
    request.log.warn({ err: error, upstream: upstream.name }, 'a service did not list its projections')
  }
  return undefined
}

function listIn(body: unknown): Answer | undefined {
  const isList = typeof body === 'object' && body !== null && 'projections' in body
  return isList && Array.isArray(body.projections) ? { list: body.projections } : undefined
}

function refusalOf({ status, headers }: Response, body: unknown): NonNullable<Answer['refusal']> {
  const passed = ['content-type', 'www-authenticate'].flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return { status, headers: Object.fromEntries(passed), body }
}

function noneAnswers(services: readonly string[]): DaybookError {
  return new DaybookError('unavailable', `No answer came from ${services.join(' and ')}. Try again soon.`)
}
