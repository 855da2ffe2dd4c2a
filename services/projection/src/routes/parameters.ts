import { text } from '@daybook/eventing'
import { Type } from 'typebox'

/** The era of the journal, with each live tail: positions of another era are others. */
export const ERA_HEADER = 'daybook-era'

export const types = Type.Optional(
  Type.Array(text, { maxItems: 100, description: 'Only events of these types: a,b' }),
)

export const actors = Type.Optional(
  Type.Array(Type.String({ pattern: '^(agent|user|service|schedule):[^\\u0000]+$', maxLength: 300 }), {
    maxItems: 100,
    description: 'Only what these appended, each as kind:id: user:ann,agent:planner',
  }),
)
