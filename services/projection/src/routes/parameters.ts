import { Type } from 'typebox'

/** As many as one page of the tape has. */
const LIMIT_MAX = 1_024
const LIMIT_DEFAULT = 100

/** Every read tells up to which position of the journal it is complete. */
export const POSITION_HEADER = 'daybook-position'

/** The era of the journal, with each live tail: positions of another era are others. */
export const ERA_HEADER = 'daybook-era'

export const closed = { additionalProperties: false }

/** Text that Postgres can compare with: it has no NUL. */
export const text = Type.String({ minLength: 1, maxLength: 1_000, pattern: '^[^\\u0000]*$' })

export const limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: LIMIT_MAX,
    default: LIMIT_DEFAULT,
    description: 'Entries at most. A page also ends at 2 MiB; a larger entry comes alone.',
  }),
)

export const cursor = Type.Optional(
  Type.String({ maxLength: 4_096, description: 'The `next` of the page before.' }),
)

export const next = Type.Union([Type.String(), Type.Null()], {
  description: 'The cursor of the following page; null at the end.',
})

export const minPosition = Type.Optional(
  Type.Integer({
    minimum: 0,
    description: 'Wait up to 2 seconds until the read model has this position (else position-not-reached).',
  }),
)

export const types = Type.Optional(
  Type.Array(text, { maxItems: 100, description: 'Only events of these types: a,b' }),
)

export const actors = Type.Optional(
  Type.Array(Type.String({ pattern: '^(agent|user|service|schedule):[^\\u0000]+$', maxLength: 300 }), {
    maxItems: 100,
    description: 'Only what these appended, each as kind:id: user:ann,agent:planner',
  }),
)

/** The schema tells the default; nothing is filled in while a request is checked. */
export function limitOf({ limit = LIMIT_DEFAULT }: { limit?: number }): number {
  return limit
}
