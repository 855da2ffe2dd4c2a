import { type Static, Type } from 'typebox'
import { JSON_POINTER_PATTERN } from './json-pointer.ts'

const { Array: List, Optional, String: Text } = Type
const closed = { additionalProperties: false }
/** Of two things one has to be there. One closed object tells better what is wrong than a choice of two. */
const oneOf = { ...closed, minProperties: 1, maxProperties: 1 }

/** The old one, the new one, and some in case a rotation was forgotten: each costs a hash for every request. */
const SECRETS_MAX = 5
const POINTERS_MAX = 20

const pointer = Text({ pattern: JSON_POINTER_PATTERN, maxLength: 500 })
const headerName = Text({ pattern: '^[A-Za-z0-9-]{1,100}$' })
/** Where something stands: in the body, or in a header. */
const place = Type.Object({ pointer: Optional(pointer), header: Optional(headerName) }, oneOf)
/** Where a secret is; never the secret itself. */
const secret = Type.Object(
  {
    file: Optional(Text({ minLength: 1, maxLength: 4_096 })),
    env: Optional(Text({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,199}$' })),
  },
  oneOf,
)

const common = {
  tenant: Optional(Text({ maxLength: 63 })),
  secrets: List(secret, { minItems: 1, maxItems: SECRETS_MAX }),
  conversation: Optional(place),
  eventTime: Optional(place),
  keepHeaders: Optional(List(headerName, { maxItems: POINTERS_MAX })),
  leaveOut: Optional(List(pointer, { maxItems: POINTERS_MAX })),
}

const platformNames = ['github', 'slack', 'stripe', 'telegram', 'discord', 'standard-webhooks'] as const
export type PlatformName = (typeof platformNames)[number]

/** Platforms whose ids are known; `messageId` is for their events that have none there. */
const platformHook = Type.Object(
  { verify: Type.Enum([...platformNames]), messageId: Optional(place), ...common },
  closed,
)

/** Any other sender with HMAC-SHA256: where its ids are has to be said. */
const hmacHook = Type.Object(
  {
    verify: Type.Literal('hmac'),
    header: headerName,
    prefix: Optional(Text({ maxLength: 100 })),
    encoding: Optional(Type.Enum(['hex', 'base64'])),
    messageId: place,
    ...common,
  },
  closed,
)

/** As much as tells which of the two it is. */
const anyHook = Type.Object({ verify: Type.Enum([...platformNames, 'hmac']) })

export type Place = Static<typeof place>
export type SecretPlace = Static<typeof secret>
export type HookSettings = Static<typeof platformHook> | Static<typeof hmacHook>

export const hookSchemas = { any: anyHook, platform: platformHook, hmac: hmacHook }
