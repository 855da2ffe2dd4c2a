import type { JsonObject } from '@daybook/events'
import type { Entry } from '../../../../packages/eventing/test/journal-fixture.ts'

/** Entries of sessions, in few words. */
export function started(sessionId: string, data: JsonObject = {}, tenant = 'main'): Entry {
  const common = { sessionKey: `key:${sessionId}`, principal: 'user:ada' }
  return { stream: `session/${sessionId}`, type: 'SESSION_STARTED', data: { ...common, ...data }, tenant }
}

export function renamed(sessionId: string, title: string, by = 'person'): Entry {
  return { stream: `session/${sessionId}`, type: 'SESSION_RENAMED', data: { title, by } }
}

export function linked(sessionId: string, runId: string): Entry {
  return { stream: `session/${sessionId}`, type: 'SESSION_RUN_LINKED', data: { runId } }
}

export function reset(sessionId: string): Entry {
  return { stream: `session/${sessionId}`, type: 'SESSION_RESET', data: { reason: 'again' } }
}

export function archived(sessionId: string): Entry {
  return { stream: `session/${sessionId}`, type: 'SESSION_ARCHIVED', data: {} }
}
