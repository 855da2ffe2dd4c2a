import { randomBytes } from 'node:crypto'
import { DaybookError } from '@daybook/errors'
import type { Author } from '@daybook/eventing'
import { acceptRawBodies, type HttpPlugin, type Logger, type Metrics } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Receive } from '../receive.ts'
import type { Sources } from '../sources.ts'
import type { Hook } from './hook.ts'
import { countHooks, type HookCounters } from './observe.ts'
import type { HookAnswer } from './platforms/platform.ts'
import { githubScheme } from './schemes/hmac.ts'
import type { SignedRequest } from './schemes/scheme.ts'

export interface HookRouteParts {
  sources: Sources
  receive: Receive
  logger: Logger
  metrics: Metrics
}

/**
 * More than the journal takes as one payload (256 KiB), for what stands in a body besides its content: a body with spaces,
 * or a form with everything encoded.
 */
const BODY_BYTES_MAX = 1_048_576

const answerSchema = Type.Object(
  {
    outcome: Type.String(),
    key: Type.String({ description: 'Of the message, as GET /v1/inbound/messages/{key} takes it' }),
  },
  { additionalProperties: false },
)

/**
 * The door for platforms. They have no token: their signatures are checked over the bytes that came, before anything is
 * made of them, and the tenant is the one that the webhook's settings name.
 *
 * H1. Without a valid signature nothing is stored, and nothing is read.
 * H2. 2xx only after the commit; what may succeed later is answered so that platforms send it again.
 * H3. Secrets, signatures and bodies are in no answer, log line or metric; why a request was refused is in the log.
 */
export function hookRoutes({ sources, receive, logger, metrics }: HookRouteParts): HttpPlugin {
  const counters = countHooks(metrics, logger)
  const verify = verifier(sources, counters)
  return async (app) => {
    acceptRawBodies(app)
    app.post('/v1/hooks/:source/:account', {
      config: { scope: 'public' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        operationId: 'receiveWebhook',
        summary:
          'Where a platform delivers messages, signed in its own way. Answers after the commit; some platforms get the answer that they want instead.',
        tags: ['inbound'],
        params: Type.Object(
          { source: Type.String(), account: Type.String() },
          { additionalProperties: false },
        ),
        response: { 200: answerSchema },
      },
      handler: async (request, reply) => {
        const { hook, signed } = verify(request, reply)
        return sendAnswer(reply, await answerOf(hook, { signed, receive, counters }))
      },
    })
  }
}

/** Finds the webhook that a request is for, and makes sure that it is signed. Codes: `not-found`, `unauthenticated`. */
function verifier(sources: Sources, counters: HookCounters) {
  // Looked at for unknown webhooks, which then take as long as those that exist and are signed wrongly.
  const decoyKeys = [randomBytes(32)]
  return (
    request: FastifyRequest<{ Params: { source: string; account: string } }>,
    reply: FastifyReply,
  ): { hook: Hook; signed: SignedRequest } => {
    const { source, account } = request.params
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const signed = { headers: request.raw.headersDistinct, body }
    const hook = sources.hookOf(source, account)
    const verdict = hook?.verify(signed, Date.now()) ?? githubScheme.verify(signed, decoyKeys, Date.now())
    if (hook !== undefined && verdict === 'valid') return { hook, signed }
    counters.refused(hook, hook === undefined || verdict === 'valid' ? 'unknown-hook' : verdict)
    if (hook === undefined)
      throw new DaybookError(
        'not-found',
        'There is no webhook at this address. SOURCES_FILE says which there are.',
      )
    reply.header('www-authenticate', 'Webhook-Signature realm="daybook"')
    const message =
      'The request is not signed as this webhook has to be. The log of the service says what is wrong.'
    throw new DaybookError('unauthenticated', message)
  }
}

interface AnswerParts {
  signed: SignedRequest
  receive: Receive
  counters: HookCounters
}

async function answerOf(hook: Hook, { signed, receive, counters }: AnswerParts): Promise<HookAnswer> {
  try {
    const read = hook.read(signed)
    if ('handshake' in read) {
      counters.answered(hook, 'handshake')
      return read.handshake
    }
    const { outcome, key } = await receive(authorOf(hook), read.message) // H2
    counters.answered(hook, outcome)
    return read.answer ?? { status: 200, body: { outcome, key } }
  } catch (error) {
    counters.failed(hook, error instanceof DaybookError ? error.code : 'internal')
    throw error
  }
}

/** Messages of platforms are brought by the webhook that they came in at. */
function authorOf({ source, account, tenant }: Hook): Author {
  return { tenant, actor: { kind: 'service', id: `hook:${source}:${account}` } }
}

function sendAnswer(reply: FastifyReply, { status, body }: HookAnswer): FastifyReply {
  return body === undefined ? reply.code(status).send() : reply.code(status).send(body)
}
