import type { Static } from 'typebox'
import type {
  sessionArchived,
  sessionBranched,
  sessionRenamed,
  sessionReset,
  sessionRunLinked,
  sessionStarted,
} from './session-events.ts'

type SessionEventType =
  | typeof sessionStarted
  | typeof sessionRenamed
  | typeof sessionBranched
  | typeof sessionReset
  | typeof sessionArchived
  | typeof sessionRunLinked

/** An event that a command on a session leads to; the rest of the envelope is the journal's and the caller's. */
export type SessionDecision = {
  [Type in SessionEventType as Type['type']]: {
    readonly type: Type['type']
    readonly data: Static<Type['schema']>
    /** Where it is not the stream of the session that the command is about. */
    readonly stream?: string
  }
}[SessionEventType['type']]

type DataOf<Type extends SessionEventType> = Static<Type['schema']>

/** A wish about one session. */
export type SessionCommand =
  | { readonly name: 'start'; readonly data: DataOf<typeof sessionStarted> }
  | { readonly name: 'rename'; readonly data: DataOf<typeof sessionRenamed> }
  | {
      /** Of the session that is to go on from another one. */
      readonly name: 'branch'
      readonly started: DataOf<typeof sessionStarted>
      readonly branched: DataOf<typeof sessionBranched>
    }
  | {
      readonly name: 'reset'
      readonly data: DataOf<typeof sessionReset>
      /** Which epoch is to end; where it has ended already, there is nothing to do. */
      readonly epoch?: number
    }
  | { readonly name: 'archive'; readonly data: DataOf<typeof sessionArchived> }
  | { readonly name: 'link'; readonly data: DataOf<typeof sessionRunLinked> }
