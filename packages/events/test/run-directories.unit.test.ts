import { readdirSync, readFileSync } from 'node:fs'
import type { JsonObject } from '@daybook/errors'
import { describe, expect, it } from 'vitest'
import { parseAppendRequest } from '../src/append-request.ts'
import { foldRun } from '../src/run/fold.ts'
import { journalOf } from './journal.ts'

/** Real run directories of the file-per-event tool, and what its own commands say about each run. */
interface Fixture {
  runId: string
  observed: { state?: string; pendingByKind?: Record<string, number>; tasks?: Record<string, unknown>[] }
  events: { seq: number; ulid: string; type: string; recordedAt: string; data: JsonObject }[]
}

const folder = new URL('fixtures/', import.meta.url)

function readFixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
}

function imported({ runId, events }: Fixture) {
  return journalOf(
    `run/${runId}`,
    events.map(({ ulid, type, recordedAt, data }) => ({ id: ulid, type, data, occurredAt: recordedAt })),
  )
}

const names = readdirSync(folder).map((file) => file.replace('.json', ''))
const sound = names.filter((name) => !name.startsWith('damaged-'))

describe.each(names)('the run directory %s', (name) => {
  const fixture = readFixture(name)

  it('can be appended as it is', () => {
    const events = fixture.events.map(({ ulid, type, recordedAt, data }) => ({
      id: ulid,
      stream: `run/${fixture.runId}`,
      type,
      v: 1,
      data,
      occurredAt: recordedAt,
    }))
    expect(parseAppendRequest({ events }).events).toHaveLength(events.length)
  })
})

describe.each(sound)('the state folded from the run directory %s', (name) => {
  const fixture = readFixture(name)
  const { run, effects } = foldRun(imported(fixture))

  it('is the one that the tool itself reports', () => {
    expect(run).toMatchObject({
      runId: fixture.runId,
      status: fixture.observed.state,
      pendingByKind: fixture.observed.pendingByKind,
      lastSeq: fixture.events.at(-1)?.seq,
      lastEventId: fixture.events.at(-1)?.ulid,
      faultsTotal: 0,
    })
  })

  it('has the tasks that the tool itself lists', () => {
    const fields = [
      'effectId',
      'taskId',
      'stepId',
      'status',
      'kind',
      'label',
      'labels',
      'taskDefRef',
      'inputsRef',
      'resultRef',
      'stdoutRef',
      'stderrRef',
      'requestedAt',
      'resolvedAt',
    ]
    const listed = [...effects.values()].map((effect) => {
      const known: Record<string, unknown> = {
        inputsRef: null,
        resultRef: null,
        stdoutRef: null,
        stderrRef: null,
        ...effect,
      }
      return Object.fromEntries(
        fields.filter((field) => field in known).map((field) => [field, known[field]]),
      )
    })
    expect(listed.toSorted((a, b) => (String(a['effectId']) < String(b['effectId']) ? -1 : 1))).toEqual(
      fixture.observed.tasks,
    )
  })
})

describe('the state folded from a damaged run directory', () => {
  it('flags a second result and keeps the first', () => {
    const { run } = foldRun(imported(readFixture('damaged-double-resolve')))
    expect(run).toMatchObject({ status: 'waiting', effectsPending: 1, pendingByKind: { breakpoint: 1 } })
    expect(run?.faults).toMatchObject([{ seq: 5, detail: 'the effect is resolved_ok already' }])
  })

  it('flags the result of an effect whose request is missing', () => {
    const { run } = foldRun(imported(readFixture('damaged-gap')))
    expect(run?.status).toBe('completed')
    expect(run?.faults).toMatchObject([{ detail: 'the effect was never requested' }])
  })
})
