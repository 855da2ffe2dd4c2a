import { createHash } from 'node:crypto'
import type { JsonObject } from '@daybook/errors'
import { foldRun, type JournalEvent } from '@daybook/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DirectoryRecord } from '../src/export/directory-record.ts'
import { laterUlid } from '../src/export/later-ulid.ts'
import { gitignore } from '../src/export/run-files.ts'
import type { ExportedFile } from '../src/export/value-file.ts'
import { checkRun } from '../src/import/check-run.ts'
import { readJournalFiles } from '../src/import/journal-files.ts'
import { fits } from '../src/import/json-file.ts'
import { planImport } from '../src/import/plan-import.ts'
import type { RunDirectory } from '../src/import/read-directory.ts'

const runId = 'r-1'
const id = '01M8YJZD6J582QQ5RVRDVEZCS2'

function eventOf(seq: number, type: string, data: JsonObject, eventId = laterUlid(id, id)): JournalEvent {
  return {
    id: eventId,
    stream: `run/${runId}`,
    type,
    v: 1,
    data,
    tenant: 'main',
    seq,
    position: seq,
    actor: { kind: 'agent', id: 'a' },
    occurredAt: '2026-11-21T08:18:44.563Z',
    recordedAt: '2026-11-21T08:18:45.000Z',
    checksum: '',
    prev: '',
    hash: '',
  }
}

const created = { runId, processId: 'demo', entrypoint: { importPath: 'a.js', exportName: 'process' } }

const request = (effectId: string, more: JsonObject = {}): JsonObject => ({
  effectId,
  invocationKey: `demo:${effectId}`,
  stepId: 's',
  taskId: 't',
  kind: 'node',
  ...more,
})

/** A run with these events, written and read back in memory. */
async function written(
  events: readonly JournalEvent[],
  blobs: Readonly<Record<string, Uint8Array>> = {},
): Promise<{ directory: RunDirectory; record: DirectoryRecord; json: (path: string) => JsonObject }> {
  const record = new DirectoryRecord(runId, { seq: 0, ulid: '' })
  const exported: ExportedFile[] = [gitignore]
  for (const event of events) exported.push(...(await record.add(event, async (sha256) => blobs[sha256]!)))
  exported.push(...record.rest(false))
  const files = new Map(
    exported.map(({ path, content }) => {
      const bytes = Buffer.from(content)
      return [path, { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }] as const
    }),
  )
  const json = (path: string): JsonObject => {
    const value: unknown = JSON.parse(Buffer.from(files.get(path)?.bytes ?? []).toString())
    if (typeof value !== 'object' || value === null) throw new Error(`${path} holds no object`)
    return { ...value }
  }
  return { directory: { path: '/run', files, findings: [], leftOut: [] }, record, json }
}

/** What a reader of the run sees, without where the values lie. */
function told(events: readonly JournalEvent[]): object {
  const { run, effects } = foldRun(events)
  const { status, processId, output, pendingByKind, faultsTotal } = run ?? {}
  const seen = [...effects.values()].map((effect) => {
    const { effectId, kind, label, inputs, taskDef, result, error } = effect
    return { effectId, kind, label, inputs, taskDef, result, error, status: effect.status }
  })
  return { status, processId, output, pendingByKind, faultsTotal, seen }
}

/** The run as it is after its directory was imported. */
function imported(directory: RunDirectory): JournalEvent[] {
  const checked = checkRun(directory)
  const planned = 'run' in checked ? planImport(checked.run) : undefined
  const drafts = planned !== undefined && 'plan' in planned ? planned.plan.drafts : []
  return drafts.map(({ type, data }, index) => eventOf(index + 1, type, data))
}

describe('a run that was journaled live', () => {
  it('is the same run after its directory was imported', async () => {
    // Only what an event can hold: anything else was never journaled.
    const value = fc.jsonValue().filter((any) => fits(JSON.parse(JSON.stringify(any)), 64 * 1024))
    const effect = fc.record({ inputs: value, result: value, settled: fc.constantFrom('ok', 'error', 'not') })
    await fc.assert(
      fc.asyncProperty(
        fc.array(effect, { maxLength: 5 }),
        value,
        fc.boolean(),
        async (given, output, ended) => {
          const plain: typeof given = JSON.parse(JSON.stringify(given))
          const drafts: [string, JsonObject][] = [
            ['RUN_CREATED', { ...created, inputs: JSON.parse(JSON.stringify(output)) }],
            ...plain.map(({ inputs }, index): [string, JsonObject] => [
              'EFFECT_REQUESTED',
              request(`e${index}`, { inputs: JSON.parse(JSON.stringify(inputs)), taskDef: { kind: 'node' } }),
            ]),
            ...plain.flatMap(({ settled, result }, index): [string, JsonObject][] => {
              const effectId = `e${index}`
              if (settled === 'not') return []
              if (settled === 'ok')
                return [
                  ['EFFECT_RESOLVED', { effectId, status: 'ok', result: JSON.parse(JSON.stringify(result)) }],
                ]
              return [['EFFECT_RESOLVED', { effectId, status: 'error', error: { message: 'no', name: 'E' } }]]
            }),
          ]
          if (ended) drafts.push(['RUN_COMPLETED', { output: JSON.parse(JSON.stringify(output)) }])
          const events = drafts.map(([type, data], index) => eventOf(index + 1, type, data))
          const { directory } = await written(events)
          expect(told(imported(directory))).toEqual(told(events))
        },
      ),
    )
  })

  it('becomes a directory in which nothing is wrong, whatever its ids and effects are called', async () => {
    const names = fc.uniqueArray(
      fc.oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.constant('__proto__')),
      {
        maxLength: 6,
      },
    )
    const ulids = fc.array(fc.constantFrom(id, '01M8YJZD6J582QQ5RVRDVEZCZZ', '7ZZZZZZZZZ582QQ5RVRDVEZCS2'), {
      minLength: 13,
      maxLength: 13,
    })
    await fc.assert(
      fc.asyncProperty(names, ulids, fc.jsonValue(), async (effectIds, ids, value) => {
        const result = JSON.parse(JSON.stringify(value))
        const drafts: [string, JsonObject][] = [
          ['RUN_CREATED', { ...created, inputs: result }],
          ...effectIds.map((name): [string, JsonObject] => [
            'EFFECT_REQUESTED',
            request(name, { inputs: result }),
          ]),
          ...effectIds.map((effectId): [string, JsonObject] => [
            'EFFECT_RESOLVED',
            { effectId, status: 'ok', result },
          ]),
        ]
        const events = drafts.map(([type, data], index) => eventOf(index + 1, type, data, ids[index]))
        const { directory } = await written(events)
        expect(checkRun(directory)).toHaveProperty('run')
        const { events: files } = readJournalFiles(directory)
        expect(files.map(({ type }) => type)).toEqual(drafts.map(([type]) => type))
        for (const path of directory.files.keys())
          expect(path).toMatch(
            /^(tasks\/[\w-]+\/\w+\.json|journal\/[\w.]+|state\/state\.json|run\.json|inputs\.json|\.gitignore)$/,
          )
      }),
    )
  })

  it('has its values in the files of the tool, and references to them in its events', async () => {
    const { directory, json } = await written([
      eventOf(1, 'RUN_CREATED', { ...created, inputs: { goal: 'x' }, request: 'req-1' }),
      eventOf(
        2,
        'EFFECT_REQUESTED',
        request('e1', { taskDef: { title: 'T', kind: 'node' }, inputs: 1, label: 'L' }),
      ),
      eventOf(3, 'EFFECT_RESOLVED', {
        effectId: 'e1',
        status: 'ok',
        result: { b: 1, a: 2 },
        metadata: { n: 1 },
      }),
      eventOf(4, 'RUN_COMPLETED', { output: { ok: true } }),
    ])
    const data = readJournalFiles(directory).events.map((event) => event.data)
    expect(data).toEqual([
      { ...created, inputsRef: 'inputs.json' },
      request('e1', { label: 'L', taskDefRef: 'tasks/e1/task.json' }),
      { effectId: 'e1', status: 'ok', resultRef: 'tasks/e1/result.json' },
      { outputRef: 'state/output.json' },
    ])
    expect(json('inputs.json')).toEqual({ goal: 'x' })
    expect(json('run.json')).toMatchObject({
      runId,
      request: 'req-1',
      processId: 'demo',
      processPath: 'a.js',
    })
    expect(json('tasks/e1/task.json')).toMatchObject({ title: 'T', effectId: 'e1', inputs: 1 })
    expect(json('tasks/e1/result.json')).toMatchObject({
      result: { a: 2, b: 1 },
      value: { a: 2, b: 1 },
      metadata: { n: 1 },
    })
    expect(json('state/output.json')).toEqual({ ok: true })
    expect(json('state/state.json')).toMatchObject({
      stateVersion: 4,
      effectsByInvocation: { 'demo:e1': { status: 'resolved_ok', label: 'L' } },
      pendingEffectsByKind: {},
    })
  })

  it('has a large value in a file of its own, named by its hash', async () => {
    const bytes = Buffer.from(JSON.stringify({ log: 'x'.repeat(70_000) }))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const ref = { $blob: sha256, bytes: bytes.length, mediaType: 'application/json' }
    const { directory, json } = await written(
      [
        eventOf(1, 'RUN_CREATED', { ...created, inputs: ref }),
        eventOf(2, 'EFFECT_REQUESTED', request('e1', { inputs: ref })),
        eventOf(3, 'EFFECT_RESOLVED', { effectId: 'e1', status: 'ok', result: ref }),
      ],
      { [sha256]: bytes },
    )
    expect(checkRun(directory)).toHaveProperty('run')
    expect(json('inputs.json')).toEqual(JSON.parse(bytes.toString()))
    expect(json('tasks/e1/result.json')).toMatchObject({ resultRef: `tasks/e1/blobs/result-${sha256}.json` })
    expect(json('tasks/e1/task.json')).toMatchObject({ inputsRef: `tasks/e1/blobs/inputs-${sha256}.json` })
    expect(directory.files.get(`tasks/e1/blobs/result-${sha256}.json`)?.sha256).toBe(sha256)
  })

  it('says which events could not keep their id as the name of their file', async () => {
    const { record, directory } = await written([
      eventOf(1, 'RUN_CREATED', created, '01M8YJZD6J582QQ5RVRDVEZZZZ'),
      eventOf(2, 'PROCESS_LOG', { message: 'a clock that is behind' }, id),
    ])
    expect(record.renamed).toEqual([{ seq: 2, id, ulid: '01M8YJZD6J582QQ5RVRDVF0000' }])
    expect(checkRun(directory)).toHaveProperty('run')
  })

  it('shows its own faults to who reads the directory', async () => {
    const { directory } = await written([
      eventOf(1, 'RUN_CREATED', created),
      eventOf(2, 'EFFECT_RESOLVED', { effectId: 'never asked for', status: 'ok' }),
    ])
    expect(checkRun(directory)).toMatchObject({ findings: [{ code: 'unknown-effect' }] })
  })

  it('gives an event of an unknown type back its own type', async () => {
    const { directory } = await written([
      eventOf(1, 'RUN_CREATED', created),
      eventOf(2, 'FOREIGN_EVENT', { type: 'MOON_PHASE', data: { phase: 'full' } }),
    ])
    expect(readJournalFiles(directory).events[1]).toMatchObject({
      type: 'MOON_PHASE',
      data: { phase: 'full' },
    })
  })
})

it('counts on in Crockford digits', () => {
  expect(laterUlid('01M8YJZD6J582QQ5RVRDVEZCS3', id)).toBe('01M8YJZD6J582QQ5RVRDVEZCS3')
  expect(laterUlid(id, id)).toBe('01M8YJZD6J582QQ5RVRDVEZCS3')
  expect(laterUlid(id, '01M8YJZD6J582QQ5RVRDVEZCSZ')).toBe('01M8YJZD6J582QQ5RVRDVEZCT0')
})
