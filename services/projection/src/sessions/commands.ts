import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import {
  type Appender,
  type Author,
  decideLoop,
  type PayloadArchive,
  type Projection,
  type StreamReader,
  streamReader,
} from '@daybook/eventing'
import type { Expectation, SessionCommand, SessionSummary } from '@daybook/events'
import { sessionDecider } from './decider.ts'
import { recallSession } from './recall.ts'

export interface SessionCommandParts<DB> {
  database: Database<DB>
  /** The read model of sessions. */
  projection: Projection<DB>
  archive: PayloadArchive
  append: Appender
}

/** A command on a session, and what it expects of other streams. */
interface SessionRequest {
  readonly author: Author
  readonly sessionId: string
  readonly command: SessionCommand
  readonly expect?: Readonly<Record<string, Expectation>>
}

/** What became of it. */
export interface SessionOutcome {
  readonly session: SessionSummary
  /** Whether there was something to do. */
  readonly changed: boolean
  /** Of the last event that was appended. */
  readonly position: number | undefined
}

export interface SessionCommands {
  /** Codes: those of `decideSession` and of `decideLoop`. */
  readonly execute: (request: SessionRequest) => Promise<SessionOutcome>
  /** Reads streams of the journal, for what a command depends on besides its session. */
  readonly read: StreamReader
}

/** Carries out commands on sessions. */
export function sessionCommands<DB>(parts: SessionCommandParts<DB>): SessionCommands {
  const read = streamReader(parts.database, parts.archive)
  const decide = decideLoop(
    { read, append: parts.append, recall: (request) => recallSession(parts.projection, request) },
    sessionDecider,
  )
  return {
    read,
    execute: async ({ author: caller, sessionId, command, expect = {} }) => {
      const stream = `session/${sessionId}`
      const { state, receipts } = await decide({ caller, stream, command, expect })
      if (state.session === undefined)
        throw new DaybookError('internal', `The session ${sessionId} has no events after a command on it.`)
      return { session: state.session, changed: receipts.length > 0, position: receipts.at(-1)?.position }
    },
  }
}
