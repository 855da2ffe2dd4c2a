import type { SessionSummary } from '@daybook/events'
import { hasTexts, isReadRun, isRecord, one, type Page, positionOf, toPage } from './answers.ts'
import type { ReadOptions, ReadRun } from './daybook.ts'
import type { Http } from './http.ts'
import { everyPage } from './pages.ts'
import { openSessionPast, type SessionPast } from './past.ts'
import { readWhenReached } from './runs.ts'

/** A session as the read model has it. */
export interface ReadSession extends SessionSummary {
  /** Present if the session is left out from this event on, since it could not be applied. */
  readonly parked?: { readonly seq: number; readonly position: number; readonly deadLetterId: string }
}

export interface SessionFilter {
  readonly status?: SessionSummary['status']
  /** Whose they are, such as `user:ada`. */
  readonly principal?: string
  readonly channel?: string
  /** Only branches of this session. */
  readonly parent?: string
  /** Sessions in one page, at most 1,024. */
  readonly limit?: number
}

/** What became of a command. */
export interface SessionAnswer {
  readonly session: SessionSummary
  /** False: it was so already, and nothing was appended. */
  readonly changed: boolean
  /** From which position on it can be read back (`minPosition`); undefined when nothing was appended. */
  readonly position: number | undefined
}

/** What a session is started with, if it has to be. */
export interface NewSession {
  readonly title?: string
  /** Whose it is; the caller unless told. */
  readonly principal?: string
  readonly channel?: string
}

export interface NewBranch {
  readonly fromRunId: string
  /** Of the new session. Without one, each run has one branch, which is found again. */
  readonly sessionKey?: string
  readonly title?: string
}

/**
 * Conversations and the like, each with its runs. Commands throw `not-found`, and `invalid-transition` when the state of
 * the session does not allow them; to repeat one is no error.
 */
export interface Sessions extends SessionPast {
  list(filter?: SessionFilter): AsyncIterable<ReadSession>
  page(filter?: SessionFilter & { cursor?: string }): Promise<Page<ReadSession>>
  get(sessionId: string, options?: ReadOptions): Promise<ReadSession>
  /** The runs created with its id and those linked to it, newest first. */
  runs(sessionId: string, options?: ReadOptions): AsyncIterable<ReadRun>
  /** Finds the session of a key, or starts it. All who ask at the same time get the same one. */
  resolve(sessionKey: string, start?: NewSession): Promise<SessionAnswer>
  /** A `derived` title never replaces one that a `person` gave; which it is follows from the caller unless told. */
  rename(sessionId: string, title: string, by?: 'person' | 'derived'): Promise<SessionAnswer>
  /** Starts a session that goes on from a run of this one. */
  branch(sessionId: string, branch: NewBranch): Promise<SessionAnswer>
  /** Begins a new epoch. With the `epoch` that is to end it may be repeated. */
  reset(sessionId: string, reason: string, epoch?: number): Promise<SessionAnswer>
  archive(sessionId: string, reason?: string): Promise<SessionAnswer>
  /** Takes a run in that was created without the session. */
  link(sessionId: string, runId: string): Promise<SessionAnswer>
}

const PATH = '/v1/sessions'

export function openSessions(http: Http, timeoutMs: number): Sessions {
  const page: Sessions['page'] = async (filter = {}) =>
    toPage(await http.readJson({ path: PATH, query: { ...filter } }), 'sessions', isSession)
  const act = async (path: string, body: object): Promise<SessionAnswer> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await http.readJson({ method: 'POST', path, body: JSON.stringify(body), headers })
    return { ...one(answer, isAnswer), position: positionOf(answer) }
  }
  return {
    page,
    list: (filter = {}) =>
      everyPage((cursor: string | undefined) => page(cursor === undefined ? filter : { ...filter, cursor })),
    get: async (id, options = {}) =>
      one(await readWhenReached(http, { path: pathOf(id), query: { ...options } }, timeoutMs), isSession),
    runs: (id, options = {}) =>
      everyPage(async (cursor: string | undefined) => {
        const request = { path: pathOf(id, 'runs'), query: { ...options, cursor } }
        return toPage(await readWhenReached(http, request, timeoutMs), 'runs', isReadRun)
      }),
    resolve: (sessionKey, start = {}) => act(`${PATH}/resolve`, { sessionKey, ...start }),
    rename: (id, title, by) => act(pathOf(id, 'rename'), { title, by }),
    branch: (id, branch) => act(pathOf(id, 'branch'), branch),
    reset: (id, reason, epoch) => act(pathOf(id, 'reset'), { reason, epoch }),
    archive: (id, reason) => act(pathOf(id, 'archive'), { reason }),
    link: (id, runId) => act(pathOf(id, 'link'), { runId }),
    ...openSessionPast(http, pathOf),
  }
}

function pathOf(sessionId: string, part?: string): string {
  const path = `${PATH}/${encodeURIComponent(sessionId)}`
  return part === undefined ? path : `${path}/${part}`
}

function isSession(value: unknown): value is ReadSession {
  return hasTexts(value, 'sessionId', 'status', 'branchState')
}

function isAnswer(value: unknown): value is Omit<SessionAnswer, 'position'> {
  return isRecord(value) && typeof value['changed'] === 'boolean' && isSession(value['session'])
}
