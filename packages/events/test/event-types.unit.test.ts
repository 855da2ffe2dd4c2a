import { readdirSync, readFileSync } from 'node:fs'
import type { JsonObject } from '@daybook/errors'
import { describe, expect, it } from 'vitest'
import { APPEND_LIMITS } from '../src/append-limits.ts'
import { draft } from '../src/draft.ts'
import { createUlids } from '../src/id.ts'
import { parseJson } from '../src/json/parse.ts'
import { prepareDraft } from '../src/prepared-draft.ts'
import { eventTypes, findEventType, ownTypes } from '../src/registry.ts'
import { noUserTypes } from '../src/schema/user-type.ts'

const golden = new URL('golden/', import.meta.url)
const goldenFiles = readdirSync(golden).toSorted()
const nextId = createUlids()
const PLACE = { path: 'event', origin: 'memory', userTypes: noUserTypes } as const

function readGolden(file: string): JsonObject {
  const data = parseJson(readFileSync(new URL(file, golden), 'utf8'))
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new Error(`${file} holds no object`)
  return data
}

describe('the registered event types', () => {
  it('are registered once in each version', () => {
    const names = eventTypes.map(({ type, v }) => `${type}.v${v}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it('each say what they mean, for the documents that are published', () => {
    const silent = eventTypes.filter(({ description = '' }) => description === '')
    expect(silent.map(({ type }) => type)).toEqual([])
  })

  it('have exactly one golden file for each type and version', () => {
    expect(goldenFiles).toEqual(eventTypes.map(({ type, v }) => `${type}.v${v}.json`).toSorted())
  })

  it('are found by type and version only', () => {
    expect(findEventType('RUN_CREATED', 1)?.kind).toBe('run')
    expect(findEventType('RUN_IMPORTED', 1)?.kind).toBe('import')
    expect(findEventType('RUN_CREATED', 2)).toBeUndefined()
    expect(findEventType('toString', 1)).toBeUndefined()
    expect(ownTypes.versionsOf('RUN_CREATED')).toEqual([1])
    expect(ownTypes.versionsOf('run_created')).toEqual([])
  })
})

describe.each(eventTypes.map(({ type, v, kind }) => ({ type, v, kind })))(
  '$type v$v',
  ({ type, v, kind }) => {
    const data = readGolden(`${type}.v${v}.json`)
    const wrap = (content: unknown) => ({ id: nextId(), stream: `${kind}/r1`, type, v, data: content })

    it('reads its golden file with the schema of today', () => {
      expect(ownTypes.find(type, v)?.validator.check(data)).toBe(true)
      expect(prepareDraft(wrap(data), PLACE, APPEND_LIMITS).kind).toBe(kind)
    })

    it('refuses a field that it does not know', () => {
      const bad = wrap({ ...data, surprise: 1 })
      expect(() => prepareDraft(bad, PLACE, APPEND_LIMITS)).toThrow(
        expect.objectContaining({ code: 'invalid-event-data', message: expect.stringContaining('surprise') }),
      )
    })

    it('belongs in one kind of stream', () => {
      const bad = { ...wrap(data), stream: 'canvas/c1' }
      expect(() => prepareDraft(bad, PLACE, APPEND_LIMITS)).toThrow(
        expect.objectContaining({ code: 'wrong-stream-kind' }),
      )
    })
  },
)

describe('draft', () => {
  it('fills in the newest version of the type', () => {
    const event = draft({
      id: nextId(),
      stream: 'run/r1',
      type: 'RUN_CANCEL_REQUESTED',
      data: { reason: 'wrong branch' },
    })
    expect(event.v).toBe(1)
  })

  it('keeps the optional fields of the envelope', () => {
    const event = draft({
      id: nextId(),
      stream: 'run/r1',
      type: 'RUN_COMPLETED',
      data: {},
      key: 'end',
      correlationId: 'c',
    })
    expect(event).toMatchObject({ key: 'end', correlationId: 'c' })
  })

  it('lets the compiler refuse data of another type', () => {
    const place = { id: nextId(), stream: 'run/r1' }
    // @ts-expect-error RUN_FAILED needs an error
    draft({ ...place, type: 'RUN_FAILED', data: {} })
    // @ts-expect-error a status is ok or error
    draft({ ...place, type: 'EFFECT_RESOLVED', data: { effectId: 'e', status: 'fine' } })
    // @ts-expect-error there is no such type, which plain JavaScript learns when it runs
    const act = () => draft({ ...place, type: 'NO_SUCH_TYPE', data: {} })
    expect(act).toThrow(expect.objectContaining({ code: 'unknown-event-type' }))
  })
})
