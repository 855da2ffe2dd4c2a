import { describe, expect, it } from 'vitest'
import { eventTypes } from '../src/registry.ts'
import { cancelled, completed, created, failed, fold, type Given, requested, resolved } from './run-events.ts'

/** A run in each state, in which the effect `e` is pending, or settled where nothing is. */
const states: Record<string, Given[]> = {
  absent: [],
  created: [created],
  waiting: [created, requested('e')],
  running: [created, requested('e'), resolved('e')],
  completed: [created, requested('e'), completed],
  failed: [created, requested('e'), failed],
  cancelled: [created, requested('e'), { type: 'RUN_CANCELLED', data: {} }],
}

const event = (type: string, data: Given['data'] = {}): Given => ({ type, data })
const events: Record<string, Given> = {
  RUN_CREATED: created,
  'EFFECT_REQUESTED of e': requested('e'),
  'EFFECT_REQUESTED of another': requested('f'),
  'EFFECT_RESOLVED of e': resolved('e'),
  'EFFECT_RESOLVED of nobody': resolved('nobody'),
  'EFFECT_CANCELLED of e': cancelled('e'),
  RUN_COMPLETED: completed,
  RUN_FAILED: failed,
  RUN_CANCEL_REQUESTED: event('RUN_CANCEL_REQUESTED'),
  RUN_CANCELLED: event('RUN_CANCELLED'),
  RUN_HALTED: event('RUN_HALTED'),
  PROCESS_ASSIGNED: event('PROCESS_ASSIGNED', { processId: 'p' }),
  PROCESS_CODE_HASH_CHANGED: event('PROCESS_CODE_HASH_CHANGED'),
  PROCESS_RUNTIME_ERROR: event('PROCESS_RUNTIME_ERROR'),
  EFFECT_PROGRESS: event('EFFECT_PROGRESS', { effectId: 'e' }),
  COST_TRACKED: event('COST_TRACKED', { model: 'm' }),
  PROCESS_LOG: event('PROCESS_LOG'),
  STOP_HOOK_INVOKED: event('STOP_HOOK_INVOKED'),
  SESSION_END_HOOK_INVOKED: event('SESSION_END_HOOK_INVOKED'),
  FOREIGN_EVENT: event('FOREIGN_EVENT'),
  RUN_PAYLOADS_ERASED: event('RUN_PAYLOADS_ERASED'),
  RUN_DAMAGED: event('RUN_DAMAGED'),
}

const never = {
  absent: '!',
  created: '!',
  waiting: '!',
  running: '!',
  completed: '!',
  failed: '!',
  cancelled: '!',
}
const ended = { completed: '!', failed: '!', cancelled: '!' }
const unchanged = { created: 'created', waiting: 'waiting', running: 'running' }
const open = { absent: '!', ...unchanged, ...ended }
const note = { ...open, completed: 'completed', failed: 'failed', cancelled: 'cancelled' }
const ends = (status: string) => ({
  absent: '!',
  created: status,
  waiting: status,
  running: status,
  ...ended,
})

/** The state after each event in each state; `!` where it is not allowed, and flagged. */
const table: Record<string, Record<string, string>> = {
  RUN_CREATED: { ...never, absent: 'created' },
  'EFFECT_REQUESTED of e': { ...never, created: 'waiting' },
  'EFFECT_REQUESTED of another': {
    absent: '!',
    created: 'waiting',
    waiting: 'waiting',
    running: 'waiting',
    ...ended,
  },
  'EFFECT_RESOLVED of e': { ...never, waiting: 'running' },
  'EFFECT_RESOLVED of nobody': never,
  'EFFECT_CANCELLED of e': { ...never, waiting: 'running' },
  RUN_COMPLETED: ends('completed'),
  RUN_FAILED: ends('failed'),
  RUN_CANCEL_REQUESTED: open,
  RUN_CANCELLED: ends('cancelled'),
  RUN_HALTED: open,
  PROCESS_ASSIGNED: open,
  PROCESS_CODE_HASH_CHANGED: open,
  PROCESS_RUNTIME_ERROR: open,
  EFFECT_PROGRESS: note,
  COST_TRACKED: note,
  PROCESS_LOG: note,
  STOP_HOOK_INVOKED: note,
  SESSION_END_HOOK_INVOKED: note,
  FOREIGN_EVENT: note,
  RUN_PAYLOADS_ERASED: { ...note, absent: 'created' },
  RUN_DAMAGED: { ...note, absent: 'created' },
}

describe('the states of a run and what leads from one to another', () => {
  it.each(Object.keys(events))('%s', (name) => {
    const found = Object.entries(states).map(([state, given]) => {
      const one = events[name]
      if (one === undefined) throw new Error(`no event ${name}`)
      const { run } = fold(...given, one)
      return [state, run.faultsTotal === 0 ? run.status : '!']
    })
    expect(Object.fromEntries(found)).toEqual(table[name])
  })

  it('are decided for every type of event that a run can have', () => {
    const ofRuns = eventTypes.filter(({ kind }) => kind === 'run').map(({ type }) => type)
    const inTable = new Set(Object.values(events).map(({ type }) => type))
    expect(ofRuns.filter((type) => !inTable.has(type))).toEqual([])
  })
})
