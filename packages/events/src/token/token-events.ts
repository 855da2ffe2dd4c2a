import { Type } from 'typebox'
import { actorSchema } from '../envelope.ts'
import { defineEvent } from '../event-type.ts'
import { INSTANT_PATTERN } from '../instant.ts'

const closed = { additionalProperties: false }
const tokenId = Type.String({ pattern: '^[a-z0-9]{5,26}$' })

/** Tokens are made and revoked by people, so that stands in the journal; never the secret, nor its hash. */
export const tokenCreated = defineEvent({
  kind: 'token',
  type: 'TOKEN_CREATED',
  v: 1,
  description: 'Whoever holds the token may do from now on what its scopes say, in the name of its actor.',
  schema: Type.Object(
    {
      tokenId,
      name: Type.String({ minLength: 1, maxLength: 100 }),
      actor: actorSchema,
      scopes: Type.Array(Type.Enum(['read', 'append', 'approve', 'admin']), { minItems: 1, maxItems: 4 }),
      expiresAt: Type.String({ pattern: INSTANT_PATTERN }),
    },
    closed,
  ),
})

export const tokenRevoked = defineEvent({
  kind: 'token',
  type: 'TOKEN_REVOKED',
  v: 1,
  description: 'The token opens nothing any more.',
  schema: Type.Object({ tokenId }, closed),
})
