import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findEventType } from '../src/registry.ts'
import type { SessionCommand } from '../src/session/command.ts'
import { decideSession } from '../src/session/decide.ts'
import { foldSession } from '../src/session/fold.ts'
import { Validator } from '../src/validator.ts'
import { journalOf } from './journal.ts'
import { archived, branched, fold, type Given, linked, renamed, reset, started } from './session-events.ts'

const start: SessionCommand = { name: 'start', data: { sessionKey: 'slack:1', principal: 'user:ada' } }
const rename = (title: string, by: 'person' | 'derived'): SessionCommand => ({
  name: 'rename',
  data: { title, by },
})
const archive: SessionCommand = { name: 'archive', data: {} }
const link = (runId: string): SessionCommand => ({ name: 'link', data: { runId } })
const branch: SessionCommand = {
  name: 'branch',
  started: { sessionKey: 'slack:1#r1', principal: 'user:ada' },
  branched: { fromRunId: 'r1', parent: 's0', branch: 's1' },
}
const resetOf = (epoch?: number): SessionCommand => ({
  name: 'reset',
  data: { reason: 'again' },
  ...(epoch !== undefined && { epoch }),
})
const nothing = { session: undefined, links: new Map() }

const typesOf = (given: Given[], command: SessionCommand) =>
  decideSession(given.length === 0 ? nothing : fold(...given), command).map(({ type, stream }) =>
    stream === undefined ? type : `${stream} ${type}`,
  )

describe('a command on a session', () => {
  it.each<[string, Given[], SessionCommand, string[]]>([
    ['starts what is not there', [], start, ['SESSION_STARTED']],
    ['leaves what was started before', [started], start, []],
    ['renames', [started], rename('New', 'person'), ['SESSION_RENAMED']],
    ['does not rename to the same', [started, renamed('New')], rename('New', 'person'), []],
    ['makes a derived title a person’s', [started], rename('First words', 'person'), ['SESSION_RENAMED']],
    ['lets a person’s title stay', [started, renamed('Mine')], rename('Derived', 'derived'), []],
    [
      'branches in both streams',
      [],
      branch,
      ['SESSION_STARTED', 'SESSION_BRANCHED', 'session/s0 SESSION_BRANCHED'],
    ],
    ['branches once', [started, branched('s0', 's1')], branch, []],
    ['resets', [started], resetOf(), ['SESSION_RESET']],
    ['resets the epoch that it names', [started, reset], resetOf(2), ['SESSION_RESET']],
    ['does not reset an epoch that is over', [started, reset], resetOf(1), []],
    ['archives', [started], archive, ['SESSION_ARCHIVED']],
    ['archives once', [started, archived], archive, []],
    ['links a run', [started], link('r1'), ['SESSION_RUN_LINKED']],
    ['links a run once, also of an archived session', [started, linked('r1'), archived], link('r1'), []],
  ])('%s', (_what, given, command, types) => {
    expect(typesOf(given, command)).toEqual(types)
  })

  it.each<[string, Given[], SessionCommand, string]>([
    ['a session that was never started', [], archive, 'not-found'],
    ['a branch under the key of another session', [started], branch, 'invalid-transition'],
    [
      'a branch under the key of another branch',
      [started, branched('s9', 's1')],
      branch,
      'invalid-transition',
    ],
    ['another run in an archived session', [started, archived], link('r1'), 'invalid-transition'],
  ])('refuses %s', (_what, given, command, code) => {
    expect(() => typesOf(given, command)).toThrow(expect.objectContaining({ code }))
  })
})

const anyCommand = fc.oneof(
  fc.constantFrom(start, branch, archive, resetOf(), link('r1'), link('r2')),
  fc.integer({ min: 1, max: 3 }).map(resetOf),
  fc
    .tuple(fc.constantFrom('A', 'B'), fc.constantFrom('person' as const, 'derived' as const))
    .map(([title, by]) => rename(title, by)),
)

/** What the command makes of the stream; the same stream when it is refused. */
function carryOut(given: readonly Given[], command: SessionCommand): Given[] {
  try {
    const state = given.length === 0 ? nothing : foldSession(journalOf('session/s1', given))
    const own = decideSession(state, command).filter(({ stream }) => stream === undefined)
    return [...given, ...own.map(({ type, data }) => ({ type, data }))]
  } catch {
    return [...given]
  }
}

describe('commands in any order', () => {
  it('never append what the state does not allow, or what its schema does not', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 20 }), (commands) => {
        const given = commands.reduce<Given[]>(carryOut, [])
        expect(foldSession(journalOf('session/s1', given)).session?.faults ?? []).toEqual([])
        for (const { type, data } of given) {
          const schema = findEventType(type, 1)?.schema
          expect(schema !== undefined && new Validator(schema).check(data)).toBe(true)
        }
      }),
    )
  })

  it('append nothing the second time, but for a reset that names no epoch', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 12 }), anyCommand, (commands, last) => {
        fc.pre(last.name !== 'reset' || last.epoch !== undefined)
        const once = [...commands, last].reduce<Given[]>(carryOut, [])
        const epochs = fold(...(once.length === 0 ? [started] : once)).session.epoch
        fc.pre(last.name !== 'reset' || epochs > (last.epoch ?? 0))
        expect(carryOut(once, last)).toEqual(once)
      }),
    )
  })
})
