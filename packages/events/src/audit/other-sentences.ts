import type { JsonObject } from '@daybook/errors'
import { objectOf } from '../run/read.ts'
import type { Teller } from './told.ts'
import { firstSaid, said, shown, tail } from './words.ts'

/** What the events of sessions, tokens, erasures, holds, imports and memories say. */
export const otherSentences: readonly (readonly [type: string, tell: Teller])[] = [
  [
    'SESSION_STARTED',
    (data) => `the session began: ${firstSaid(data, ['title', 'sessionKey'])}, of ${said(data, 'principal')}`,
  ],
  ['SESSION_RENAMED', (data) => `the session is called “${said(data, 'title')}” now`],
  [
    'SESSION_BRANCHED',
    (data) =>
      `from run ${said(data, 'fromRunId')} of ${said(data, 'parent')}, ${said(data, 'branch')} goes on`,
  ],
  ['SESSION_RESET', (data) => `a new epoch of the session begins${tail(said(data, 'reason'))}`],
  ['SESSION_ARCHIVED', (data) => `the session was archived${tail(said(data, 'reason'))}`],
  ['SESSION_RUN_LINKED', (data) => `run ${said(data, 'runId')} belongs to the session`],
  ['SESSION_PAYLOADS_ERASED', (data) => `payloads of this session were erased (${said(data, 'erasureId')})`],
  ['TOKEN_CREATED', tellToken],
  ['TOKEN_REVOKED', (data) => `token ${said(data, 'tokenId')} was revoked`],
  ['PAYLOADS_ERASED', tellErasure],
  ['HOLD_SET', (data) => `nothing of ${said(data, 'stream')} may be erased${tail(said(data, 'reason'))}`],
  ['HOLD_RELEASED', (data) => `${said(data, 'stream')} may be erased again${tail(said(data, 'reason'))}`],
  [
    'STREAM_ARCHIVED',
    (data) =>
      `events ${said(data, 'firstSeq')} to ${said(data, 'lastSeq')} of ${said(data, 'stream')} were archived`,
  ],
  ['RUN_IMPORTED', tellImported],
  ['MEMORY_RETAINED', (data) => `to be remembered${tail(said(data, 'text'))}`],
]

function tellToken(data: JsonObject): string {
  const { scopes } = data
  const holder = ['kind', 'id'].map((name) => said(objectOf(data, 'actor'), name)).join(' ')
  const may = Array.isArray(scopes) ? scopes.map((scope) => shown(scope)).join(', ') : ''
  return `token ${said(data, 'tokenId')} “${said(data, 'name')}” for ${holder} may ${may}, until ${said(data, 'expiresAt')}`
}

function tellErasure(data: JsonObject): string {
  const { events } = data
  const count = Array.isArray(events) ? `${events.length} payloads` : 'payloads'
  const stream = said(data, 'stream')
  return `${count}${stream === '' ? '' : ` of ${stream}`} are erased${tail(said(data, 'reason'))}`
}

function tellImported(data: JsonObject): string {
  const findings = Array.isArray(data['findings']) ? data['findings'].length : 0
  const damage = data['damaged'] === true || findings > 0 ? `, damaged: ${findings} findings` : ''
  return `the run ${said(data, 'runId')} was imported: ${said(data, 'events')} events${damage}`
}
