import { type Static, Type } from 'typebox'

const { Integer, Object: Struct, Optional, String: Text } = Type
const text = Text()
const total = Integer({ minimum: 0 })

/** Whether a session goes on from another one, and whether others go on from it. */
const branchStateSchema = Type.Enum(['root', 'active-branch', 'branch-source', 'forked'], {
  description:
    'root: neither; active-branch: it branched from another; branch-source: others branched from it; forked: both',
})

/** An event that the state of the session did not allow. It is kept and flagged; the state is as if it had not come. */
const sessionFaultSchema = Struct({
  seq: Integer({ minimum: 1 }),
  eventId: text,
  code: Type.Literal('invalid-transition'),
  detail: text,
})

/** What is known of a session from its events alone. All instants are the producers' (`occurredAt`). */
export const sessionSummarySchema = Struct({
  sessionId: text,
  status: Type.Enum(['active', 'archived']),
  branchState: branchStateSchema,
  sessionKey: Text({
    description: 'Empty as long as SESSION_STARTED has not been seen, and once it was erased',
  }),
  title: Optional(text),
  titleBy: Optional(Type.Enum(['person', 'derived'])),
  principal: Text({ description: 'Whose session it is' }),
  channel: Optional(text),
  epoch: Integer({ minimum: 1, description: 'Grows with each reset' }),
  parent: Optional(Struct({ sessionId: text, fromRunId: text })),
  branches: total,
  runsLinked: Integer({ minimum: 0, description: 'Without those that were created with its id' }),
  createdAt: text,
  startedAt: Optional(text),
  updatedAt: text,
  resetAt: Optional(text),
  archivedAt: Optional(text),
  lastSeq: total,
  lastEventId: text,
  lastEventType: text,
  faults: Type.Array(sessionFaultSchema, { description: 'The first 100' }),
  faultsTotal: total,
  erasedTotal: Optional(
    Integer({
      minimum: 1,
      description: 'Events whose payload was erased; what they said is not in the session any more',
    }),
  ),
})

/** A run that was linked to a session. */
export const linkedRunSchema = Struct({
  runId: text,
  linkedAt: text,
  linkedSeq: Integer({ minimum: 1 }),
  epoch: Integer({ minimum: 1 }),
})

/** See `sessionSummarySchema`. */
export type SessionSummary = Static<typeof sessionSummarySchema>
/** See `linkedRunSchema`. */
export type LinkedRun = Static<typeof linkedRunSchema>
