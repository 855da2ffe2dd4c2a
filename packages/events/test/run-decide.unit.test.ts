import { DaybookError } from '@daybook/errors'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunCommand } from '../src/run/command.ts'
import { decideRun, type RunToDecide } from '../src/run/decide.ts'
import { foldRun } from '../src/run/fold.ts'
import { journalOf } from './journal.ts'
import { cancelled, completed, created, failed, type Given, log, requested, resolved } from './run-events.ts'

const cancelRequested: Given = { type: 'RUN_CANCEL_REQUESTED', data: {} }
const runCancelled: Given = { type: 'RUN_CANCELLED', data: {} }

/** A run in each of its states; `e` was asked for in all but the first two, and settled where nothing is pending. */
const states: Record<string, Given[]> = {
  absent: [],
  created: [created],
  waiting: [created, requested('e')],
  running: [created, requested('e'), resolved('e')],
  completed: [created, requested('e'), completed],
  failed: [created, requested('e'), failed],
  cancelled: [created, requested('e'), runCancelled],
}

function stateAfter(given: readonly Given[]): RunToDecide {
  const events = journalOf('run/r1', given)
  return { ...foldRun(events), createdChecksum: events.find(({ type }) => type === 'RUN_CREATED')?.checksum }
}

const createData = {
  runId: 'r1',
  processId: 'demo/release',
  entrypoint: { importPath: 'release.mjs', exportName: 'process' },
  processRevision: 'rev-1',
}
const effect = (effectId: string, label = 'a label') => ({
  effectId,
  invocationKey: `k:${effectId}`,
  stepId: 'S1',
  taskId: 't',
  kind: 'node',
  label,
  labels: ['a'],
  inputs: { n: 1 },
})
const error = { name: 'E', message: 'm' }

const commands = {
  create: { name: 'create', data: createData },
  'create otherwise': { name: 'create', data: { ...createData, processRevision: 'rev-2' } },
  'request another effect': { name: 'request-effects', effects: [effect('f')] },
  'request e again': { name: 'request-effects', effects: [effect('e')] },
  'request e otherwise': { name: 'request-effects', effects: [effect('e', 'another label')] },
  'resolve e': { name: 'resolve-effect', data: { effectId: 'e', status: 'ok', result: 8 } },
  'resolve an effect nobody knows': { name: 'resolve-effect', data: { effectId: 'x', status: 'ok' } },
  'tell of progress of e': { name: 'report-progress', data: { effectId: 'e', progressPercent: 5 } },
  'cancel e': { name: 'cancel-effect', data: { effectId: 'e' } },
  complete: { name: 'complete', data: { output: { shipped: true }, outputRef: 'state/output.json' } },
  'complete otherwise': { name: 'complete', data: { output: 1 } },
  fail: { name: 'fail', data: { error } },
  cancel: { name: 'cancel', data: {} },
  'cancel now': { name: 'cancel', data: {}, now: true },
} as const satisfies Record<string, RunCommand>

/** What a command leads to: the types of its events, or the code with which it is refused. */
function outcome(given: readonly Given[], command: RunCommand): string {
  try {
    const types = decideRun(stateAfter(given), command).map(({ type }) => type)
    return types.length === 0 ? '-' : types.join(' ')
  } catch (thrown) {
    if (thrown instanceof DaybookError) return thrown.code
    throw thrown
  }
}

const no = 'invalid-transition'
const none = 'not-found'
const ended = { completed: no, failed: no, cancelled: no }
const wish = 'RUN_CANCEL_REQUESTED'
const both = 'RUN_CANCEL_REQUESTED RUN_CANCELLED'

/** `-`: it is so already, and nothing is appended. */
const table: Record<keyof typeof commands, Record<keyof typeof states, string>> = {
  create: {
    absent: 'RUN_CREATED',
    created: '-',
    waiting: '-',
    running: '-',
    completed: '-',
    failed: '-',
    cancelled: '-',
  },
  'create otherwise': { absent: 'RUN_CREATED', created: no, waiting: no, running: no, ...ended },
  'request another effect': {
    absent: none,
    created: 'EFFECT_REQUESTED',
    waiting: 'EFFECT_REQUESTED',
    running: 'EFFECT_REQUESTED',
    ...ended,
  },
  'request e again': {
    absent: none,
    created: 'EFFECT_REQUESTED',
    waiting: '-',
    running: '-',
    completed: '-',
    failed: '-',
    cancelled: '-',
  },
  'request e otherwise': { absent: none, created: 'EFFECT_REQUESTED', waiting: no, running: no, ...ended },
  'resolve e': { absent: none, created: no, waiting: 'EFFECT_RESOLVED', running: no, ...ended },
  'resolve an effect nobody knows': { absent: none, created: no, waiting: no, running: no, ...ended },
  'tell of progress of e': { absent: none, created: no, waiting: 'EFFECT_PROGRESS', running: no, ...ended },
  'cancel e': { absent: none, created: no, waiting: 'EFFECT_CANCELLED', running: no, ...ended },
  complete: {
    absent: none,
    created: 'RUN_COMPLETED',
    waiting: 'RUN_COMPLETED',
    running: 'RUN_COMPLETED',
    ...ended,
    completed: '-',
  },
  'complete otherwise': {
    absent: none,
    created: 'RUN_COMPLETED',
    waiting: 'RUN_COMPLETED',
    running: 'RUN_COMPLETED',
    ...ended,
  },
  fail: {
    absent: none,
    created: 'RUN_FAILED',
    waiting: 'RUN_FAILED',
    running: 'RUN_FAILED',
    ...ended,
    failed: '-',
  },
  cancel: { absent: none, created: both, waiting: both, running: wish, ...ended, cancelled: '-' },
  'cancel now': { absent: none, created: both, waiting: both, running: both, ...ended, cancelled: '-' },
}

describe('a command on a run', () => {
  it.each(Object.entries(commands))('%s leads to what the table says in each state', (name, command) => {
    const found = Object.fromEntries(
      Object.entries(states).map(([state, given]) => [state, outcome(given, command)]),
    )
    expect(found).toEqual(new Map(Object.entries(table)).get(name))
  })

  it('is refused with the state and with what the state allows', () => {
    const refused = (given: readonly Given[], command: RunCommand) => {
      try {
        return decideRun(stateAfter(given), command)
      } catch (thrown) {
        return thrown
      }
    }
    expect(refused(states['completed'] ?? [], commands.fail)).toMatchObject({
      code: 'invalid-transition',
      message: expect.stringMatching(/r1 is completed .*it ended at .*no more commands/),
      details: { runId: 'r1', status: 'completed', seq: 3, allowed: [] },
    })
    expect(refused(states['running'] ?? [], commands['resolve e'])).toMatchObject({
      message: expect.stringContaining('the effect e is resolved_ok already'),
      details: {
        status: 'running',
        allowed: ['request-effects', 'complete', 'fail', 'cancel'],
        effectId: 'e',
        effectStatus: 'resolved_ok',
      },
    })
    expect(refused(states['waiting'] ?? [], commands['resolve an effect nobody knows'])).toMatchObject({
      details: { allowed: expect.arrayContaining(['resolve-effect', 'cancel-effect']) },
    })
  })

  it('asks a running run once to stop, and ends it when it is told to', () => {
    const asked = [...(states['running'] ?? []), cancelRequested]
    expect(outcome(asked, commands.cancel)).toBe('-')
    expect(outcome(asked, commands['cancel now'])).toBe('RUN_CANCELLED')
    expect(outcome(asked, commands['request another effect'])).toBe('EFFECT_REQUESTED')
  })

  it('resolves a breakpoint only for who may approve', () => {
    const given = [created, requested('e', 'breakpoint')]
    const answer = { ...commands['resolve e'], data: { effectId: 'e', status: 'ok' as const } }
    expect(outcome(given, answer)).toBe('forbidden')
    expect(outcome(given, { ...answer, mayApprove: true })).toBe('EFFECT_RESOLVED')
    expect(outcome(given, commands['cancel e'])).toBe('EFFECT_CANCELLED')
  })

  it('requests what is new of several effects, and refuses one that is named twice', () => {
    const given = states['waiting'] ?? []
    const ids = decideRun(stateAfter(given), {
      name: 'request-effects',
      effects: [effect('e'), effect('f'), effect('g')],
    })
    expect(ids.map(({ data }) => 'effectId' in data && data.effectId)).toEqual(['f', 'g'])
    expect(outcome(given, { name: 'request-effects', effects: [effect('f'), effect('f')] })).toBe(no)
  })

  const effectId = fc.constantFrom('e', 'f', 'g')
  const command: fc.Arbitrary<RunCommand> = fc.oneof(
    fc.constantFrom<RunCommand>(...Object.values(commands)),
    fc.record({
      name: fc.constant('request-effects' as const),
      effects: fc.array(
        fc.tuple(effectId, fc.constantFrom('l', 'm')).map(([id, label]) => effect(id, label)),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    effectId.map(
      (id): RunCommand => ({ name: 'resolve-effect', data: { effectId: id, status: 'error', error } }),
    ),
    effectId.map((id): RunCommand => ({ name: 'cancel-effect', data: { effectId: id } })),
  )
  /** Also what no command would have led to. */
  const anyEvent = fc.oneof(
    effectId.map((id) => requested(id)),
    effectId.map((id) => resolved(id)),
    effectId.map((id) => cancelled(id)),
    fc.constantFrom(created, log, completed, failed, cancelRequested, runCancelled),
  )
  const steps = fc.array(fc.oneof({ weight: 4, arbitrary: command }, { weight: 1, arbitrary: anyEvent }), {
    maxLength: 25,
  })

  it('never leads to an event that the state does not allow, and given again it leads to none', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const journal: Given[] = []
        for (const step of list) {
          if (!('name' in step)) {
            journal.push(step)
            continue
          }
          const before = stateAfter(journal)
          const decided = attempt(before, step)
          if (decided === undefined) continue
          const events: Given[] = JSON.parse(JSON.stringify(decided))
          journal.push(...events)
          const after = stateAfter(journal)
          expect(after.run?.faultsTotal ?? 0).toBe(before.run?.faultsTotal ?? 0)
          const isTold = step.name === 'report-progress'
          if (!isTold) expect(attempt(after, step)).toEqual([])
        }
      }),
      { numRuns: 500 },
    )
  })
})

function attempt(state: RunToDecide, command: RunCommand) {
  try {
    return decideRun(state, command)
  } catch {
    return undefined
  }
}
