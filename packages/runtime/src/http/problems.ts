import { DaybookError, type Problem, toProblem } from '@daybook/errors'
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { statusOf } from './status.ts'

/** RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json'

/** Most pauses (a restart, a full queue) are over by then, and it is not long enough to be rude. */
const RETRY_AFTER_S = 1
/** Too Many Requests. */
const TOO_MANY = 429
/** A caller learns enough from the first faults; a body of 1 MiB could have a million. */
const FAULTS_MAX = 20

/** Answers a request with an error: status, `Retry-After` where it helps, and the problem object. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toDaybookError(error)
  const status = statusFor(known)
  const problem: Problem = { ...toProblem(known ?? error), status, requestId: request.id }
  // A surprise is for us to mend; something that is away is for operators; a refusal is the caller's own business.
  if (status === 500) request.log.error({ err: error, code: problem.code }, 'request failed')
  else if (known?.cause !== undefined)
    request.log.warn({ err: error, code: problem.code }, 'request not served')
  else request.log.debug({ code: problem.code }, 'request refused')
  if (status === TOO_MANY || status === 503) reply.header('retry-after', waitOf(known) ?? RETRY_AFTER_S)
  return reply.code(status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

function statusFor(error: DaybookError | undefined): number {
  if (error === undefined) return 500
  return waitOf(error) === undefined ? statusOf(error.code) : TOO_MANY
}

/**
 * For how many seconds a caller is asked to wait whose own limit is reached (RFC 6585, 4); `overloaded` without
 * `retryAfterMs` concerns everybody.
 */
function waitOf(error: DaybookError | undefined): number | undefined {
  const waitMs = error?.code === 'overloaded' ? error.details?.['retryAfterMs'] : undefined
  return typeof waitMs === 'number' ? Math.max(1, Math.ceil(waitMs / 1_000)) : undefined
}

/** What Fastify itself refuses, in our words and codes. Its other errors are surprises: `undefined`. */
function toDaybookError(error: unknown): DaybookError | undefined {
  if (error instanceof DaybookError) return error
  if (!isFastifyError(error)) return undefined
  if (error.validation !== undefined) return invalidRequest(error.validation, error.validationContext)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DaybookError(
        'payload-too-large',
        'The body is larger than this route takes. Send less at a time.',
      )
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new DaybookError('unsupported-media-type', 'Send the body as application/json.')
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new DaybookError('invalid-json', 'The body is empty. Send a JSON value.')
    default: {
      const refused = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
      return refused ? new DaybookError('invalid-request', 'The request cannot be read as HTTP.') : undefined
    }
  }
}

function isFastifyError(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    (('code' in error && String(error.code).startsWith('FST_')) || 'validation' in error)
  )
}

/** Names each faulty place and what is wrong there, never the value that was sent. */
function invalidRequest(errors: readonly FastifySchemaValidationError[], context = 'request'): DaybookError {
  const faults = errors.slice(0, FAULTS_MAX).map(({ instancePath, message }) => ({
    in: context,
    path: instancePath,
    message: message ?? 'is not valid',
  }))
  const listed = faults.map(({ in: place, path, message }) => `${place}${path}: ${message}`)
  return new DaybookError('invalid-request', `Correct these and send it again: ${listed.join('; ')}.`, {
    details: { faults, faultsTotal: errors.length },
  })
}
