import { type Author, closed, POSITION_HEADER } from '@daybook/eventing'
import {
  channelSchema,
  principalSchema,
  reasonSchema,
  sessionKeySchema,
  sessionSummarySchema,
  titleSchema,
} from '@daybook/events'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { SessionOutcome } from './commands.ts'

const { Optional } = Type

/** Ids that a stream can have. */
const id = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_:@=~+/.-]{0,199}$' })
export const params = Type.Object({ id }, closed)

/** What became of a command. */
export const outcomeSchema = Type.Object({
  session: sessionSummarySchema,
  changed: Type.Boolean({ description: 'false: it was so already, and nothing was appended' }),
})

export const resolveBody = Type.Object(
  {
    sessionKey: Type.String({
      ...sessionKeySchema,
      description: 'What you know the session by, such as the thread of a chat',
    }),
    title: Optional(titleSchema),
    principal: Optional(
      Type.String({ ...principalSchema, description: 'Whose it is; the caller, as kind:id, unless told' }),
    ),
    channel: Optional(channelSchema),
  },
  closed,
)

export const renameBody = Type.Object(
  {
    title: titleSchema,
    by: Optional(
      Type.Enum(['person', 'derived'], {
        description:
          'derived: a program made it, and a title that a person gave stays. Unless told, a user is a person, and every other caller derives.',
      }),
    ),
  },
  closed,
)

export const branchBody = Type.Object(
  {
    fromRunId: id,
    sessionKey: Optional(
      Type.String({
        ...sessionKeySchema,
        description: 'Of the new session. Without one, each run has one branch, which is found again.',
      }),
    ),
    title: Optional(titleSchema),
  },
  closed,
)

export const resetBody = Type.Object(
  {
    reason: reasonSchema,
    epoch: Optional(
      Type.Integer({
        minimum: 1,
        description: 'Which epoch is to end: one that has ended already is not ended again.',
      }),
    ),
  },
  closed,
)

export const archiveBody = Type.Object({ reason: Optional(reasonSchema) }, closed)
export const linkBody = Type.Object({ runId: id }, closed)

/** The answer to a command; tells in a header from which position on it can be read back. */
export function answer(reply: FastifyReply, { session, changed, position }: SessionOutcome) {
  if (position !== undefined) reply.header(POSITION_HEADER, position)
  return { session, changed }
}

/** Of who acts, as sessions name whose they are. */
export function principalOf({ actor }: Author): string {
  return `${actor.kind}:${actor.id}`
}
