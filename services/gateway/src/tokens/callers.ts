import { DaybookError } from '@daybook/errors'
import type { CallerCheck } from '@daybook/runtime'
import type { FastifyRequest } from 'fastify'
import type { KnownToken, Tokens } from './authenticate.ts'

/** Who sent a request, by its bearer token (RFC 6750, 2.1). A token in the query or in the body is none. */
export function bearerCallers(tokens: Tokens): CallerCheck {
  return async (request) => {
    const text = bearerOf(request)
    if (text === undefined)
      throw new DaybookError(
        'unauthenticated',
        'Send a token, as in Authorization: Bearer dbk_… The daybook command takes it from --token-file, from DAYBOOK_TOKEN, or from the folder in which Daybook runs.',
      )
    const known = await tokens.authenticate(text)
    if (known !== undefined) return known.caller
    throw new DaybookError(
      'unauthenticated',
      'The token opens nothing: it is unknown, expired or revoked. Ask an admin for another one.',
    )
  }
}

/** Whether the token of a request that was let in still opens. What cannot be made sure of does not. */
export async function isStillKnownTo(tokens: Tokens, request: FastifyRequest): Promise<boolean> {
  const known: KnownToken | undefined = await tokens
    .authenticate(bearerOf(request) ?? '')
    .catch(() => undefined)
  return known !== undefined
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}
