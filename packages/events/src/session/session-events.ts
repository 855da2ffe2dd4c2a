import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'

const { Optional } = Type
const closed = { additionalProperties: false }
const name = Type.String({ minLength: 1, maxLength: 200 })

/** What callers know a session by: the thread of a chat, the path of a project. Any text without control characters. */
export const sessionKeySchema = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,1000}$' })
/** For people to read, on one line. */
export const titleSchema = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,500}$' })
/** Whose session it is, by default `<kind>:<id>` of who started it: an actor's id has 200 characters at most. */
export const principalSchema = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,300}$' })
/** Where it takes place: slack, web, terminal. */
export const channelSchema = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,200}$' })
export const reasonSchema = Type.String({ minLength: 1, maxLength: 2_000 })

export const sessionStarted = defineEvent({
  kind: 'session',
  type: 'SESSION_STARTED',
  v: 1,
  description: 'The first event of a session: what it is known by, whose it is, and where it takes place.',
  schema: Type.Object(
    {
      sessionKey: sessionKeySchema,
      title: Optional(titleSchema),
      principal: principalSchema,
      channel: Optional(channelSchema),
    },
    closed,
  ),
})

export const sessionRenamed = defineEvent({
  kind: 'session',
  type: 'SESSION_RENAMED',
  v: 1,
  description:
    'It has another title. One that a person gave is never replaced by one that a program derived.',
  schema: Type.Object({ title: titleSchema, by: Type.Enum(['person', 'derived']) }, closed),
})

/** The same words in both streams: in that of `branch` they say where it comes from, in that of `parent` what it has. */
export const sessionBranched = defineEvent({
  kind: 'session',
  type: 'SESSION_BRANCHED',
  v: 1,
  description: 'From a run of one session another session goes on. In the streams of both.',
  schema: Type.Object({ fromRunId: name, parent: name, branch: name }, closed),
})

export const sessionReset = defineEvent({
  kind: 'session',
  type: 'SESSION_RESET',
  v: 1,
  description: 'A new epoch of the session begins, with nothing of what was said before. Nothing is deleted.',
  schema: Type.Object({ reason: reasonSchema }, closed),
})

export const sessionArchived = defineEvent({
  kind: 'session',
  type: 'SESSION_ARCHIVED',
  v: 1,
  description: 'Nobody goes on with it, unless it is reset.',
  schema: Type.Object({ reason: Optional(reasonSchema) }, closed),
})

export const sessionRunLinked = defineEvent({
  kind: 'session',
  type: 'SESSION_RUN_LINKED',
  v: 1,
  description: 'A run that was created without the session belongs to it.',
  schema: Type.Object({ runId: name }, closed),
})
