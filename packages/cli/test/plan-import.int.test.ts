import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Draft,
  foldRun,
  isBlobRef,
  isUlid,
  type JournalEvent,
  parseAppendRequest,
} from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { checkRun, type SoundRun } from '../src/import/check-run.ts'
import { told } from '../src/import/json-file.ts'
import { type ImportPlan, planImport } from '../src/import/plan-import.ts'
import { readRunDirectory } from '../src/import/read-directory.ts'
import { tapeEntry } from '../src/tape-entry.ts'
import { copyOf, fixture, runOf, soundRuns } from './run-directory.ts'

async function soundRun(path: string): Promise<SoundRun> {
  const checked = checkRun(await readRunDirectory(path))
  if ('run' in checked) return checked.run
  throw new Error(JSON.stringify(checked.findings))
}

async function planOf(path: string): Promise<ImportPlan> {
  const planned = planImport(await soundRun(path))
  if ('plan' in planned) return planned.plan
  throw new Error(JSON.stringify(planned.findings))
}

/** Drafts as the journal would answer with them: data in its canonical form. */
function journaled(drafts: readonly Draft[]): JournalEvent[] {
  const { events } = parseAppendRequest({ events: drafts })
  return events.map((draft, index) => ({
    ...draft,
    data: JSON.parse(draft.canonicalData),
    tenant: 'main',
    seq: index + 1,
    position: index + 1,
    actor: draft.actor!,
    occurredAt: draft.occurredAt!,
    recordedAt: '2026-12-01T00:00:00.000Z',
    prev: '',
    hash: '',
  }))
}

async function recorded(name: string, file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(fixture(name, 'cli', file), 'utf8'))
}

describe.each(soundRuns)('the import of %s', (name) => {
  it('gives back the events as the tool itself lists them', async () => {
    const { drafts } = await planOf(await runOf(name))
    const { events } = await recorded(name, 'run-events.json')
    expect(journaled(drafts).map(tapeEntry)).toEqual(events)
  })

  it('folds to the state that the tool itself tells', async () => {
    const { drafts } = await planOf(await runOf(name))
    const { run } = foldRun(journaled(drafts))
    const { state, pendingByKind } = await recorded(name, 'run-status.json')
    expect(run).toMatchObject({ status: state, pendingByKind, faultsTotal: 0 })
  })

  it('keeps every file byte for byte and names it in RUN_IMPORTED', async () => {
    const path = await runOf(name)
    const { blobs, imported } = await planOf(path)
    const files: { path: string; sha256: string }[] = JSON.parse(JSON.stringify(imported.data['files']))
    expect(files.map((file) => file.path)).toEqual(expect.arrayContaining(['run.json', 'inputs.json']))
    for (const file of files) {
      const bytes = await readFile(join(path, file.path))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256)
      if (bytes.length > 0)
        expect(Buffer.from(blobs.find(({ sha256 }) => sha256 === file.sha256)!.bytes)).toEqual(bytes)
    }
  })

  it('is the same each time', async () => {
    const [first, second] = [await planOf(await runOf(name)), await planOf(await runOf(name))]
    expect(second.imported).toEqual(first.imported)
    expect(second.drafts).toEqual(first.drafts)
    expect(isUlid(first.imported.id)).toBe(true)
  })
})

describe('an imported event', () => {
  it('tells the whole story: inputs, definition, result and output are in it', async () => {
    const { drafts } = await planOf(await runOf('completed'))
    const data = drafts.map((draft) => draft.data)
    expect(data[0]).toMatchObject({
      request: 'req-42',
      inputs: { goal: 'Ship v1.2 – naïve café ✓' },
      layoutVersion: '2026.01-storage-preview',
    })
    expect(data[0]).not.toHaveProperty('completionProof')
    expect(data[1]).toMatchObject({
      taskDef: { kind: 'node', title: 'Plan the change' },
      inputs: { goal: 'Ship v1.2 – naïve café ✓' },
    })
    expect(data[1]!['taskDef']).not.toHaveProperty('effectId')
    expect(data[2]).toMatchObject({
      result: { big: 1e21, uni: expect.stringContaining('😀 "q"') },
      metadata: { attempt: 1, worker: 'w-1' },
    })
    expect(data[8]).toMatchObject({ status: 'error', error: { name: 'LintError' } })
    expect(data[11]).toMatchObject({ output: { approvedBy: 'owner@example.com' } })
  })

  it('refers to a large value and to one that it cannot hold, instead of holding it', async () => {
    await using copy = await copyOf('completed')
    await changeResult(copy.path, 0, { result: 'x'.repeat(70_000) })
    await changeResult(copy.path, 1, { result: { count: 2 ** 60 } })
    const { drafts, blobs } = await planOf(copy.path)
    const results = drafts.filter(({ type }) => type === 'EFFECT_RESOLVED').map(({ data }) => data['result'])
    for (const [index, text] of [`"${'x'.repeat(70_000)}"`, `{"count":${2 ** 60}}`].entries()) {
      const sha256 = createHash('sha256').update(text).digest('hex')
      expect(results[index]).toEqual({
        $blob: sha256,
        bytes: Buffer.byteLength(text),
        mediaType: 'application/json',
      })
      expect(Buffer.from(blobs.find((blob) => blob.sha256 === sha256)!.bytes).toString()).toBe(text)
    }
  })

  it('refers to the file of a spilled value, which is then kept once', async () => {
    await using copy = await copyOf('completed')
    const text = `${JSON.stringify({ log: 'x'.repeat(70_000) }, null, 2)}\n`
    const sha256 = createHash('sha256').update(text).digest('hex')
    const effect = await changeResult(copy.path, 0, {
      result: undefined,
      resultRef: (id) => `tasks/${id}/blobs/result-${sha256}.json`,
    })
    await mkdir(join(copy.path, 'tasks', effect, 'blobs'))
    await writeFile(join(copy.path, 'tasks', effect, 'blobs', `result-${sha256}.json`), text)
    const { drafts, blobs } = await planOf(copy.path)
    expect(drafts[2]!.data['result']).toEqual({
      $blob: sha256,
      bytes: Buffer.byteLength(text),
      mediaType: 'application/json',
    })
    expect(blobs.filter((blob) => blob.sha256 === sha256)).toHaveLength(1)
  })

  it('of an unknown type is carried as it is', async () => {
    const run = await soundRun(await runOf('just-created'))
    const foreign = {
      ...run.events[0]!,
      file: 'journal/000002.json',
      seq: 2,
      ulid: '01M7YK1GRJYBXCWPKTSA02A6T6',
      type: 'Moon.phase',
      data: { phase: 'full' },
    }
    const planned = planImport({ ...run, events: [...run.events, foreign] })
    const drafts = 'plan' in planned ? planned.plan.drafts : []
    expect(drafts[1]).toMatchObject({
      type: 'FOREIGN_EVENT',
      data: { type: 'Moon.phase', data: { phase: 'full' } },
    })
    expect(tapeEntry(journaled(drafts)[1]!)).toMatchObject({ type: 'Moon.phase', data: { phase: 'full' } })
  })

  it.each(['FOREIGN_EVENT', 'RUN_DAMAGED', 'RUN_PAYLOADS_ERASED'])(
    'that is called as a mark of ours, %s, is not taken for one',
    async (type) => {
      const run = await soundRun(await runOf('just-created'))
      const next = { seq: 2, ulid: '01M7YK1GRJYBXCWPKTSA02A6T6', type, data: { said: 'by a stranger' } }
      const planned = planImport({ ...run, events: [...run.events, { ...run.events[0]!, ...next }] })
      expect('plan' in planned && planned.plan.drafts[1]).toMatchObject({
        type: 'FOREIGN_EVENT',
        data: { type, data: { said: 'by a stranger' } },
      })
    },
  )

  it('of a known type in an unknown form is carried too, unless the state of the run depends on it', async () => {
    const run = await soundRun(await runOf('just-created'))
    const next = {
      ...run.events[0]!,
      file: 'journal/000002.json',
      seq: 2,
      ulid: '01M7YK1GRJYBXCWPKTSA02A6T6',
    }
    const harmless = planImport({
      ...run,
      events: [...run.events, { ...next, type: 'PROCESS_LOG', data: { colour: 'red' } }],
    })
    expect('plan' in harmless && harmless.plan.drafts[1]).toMatchObject({
      type: 'FOREIGN_EVENT',
      data: { type: 'PROCESS_LOG' },
    })
    const decisive = planImport({
      ...run,
      events: [...run.events, { ...next, type: 'RUN_FAILED', data: { colour: 'red' } }],
    })
    expect(decisive).toMatchObject({ findings: [{ file: 'journal/000002.json', code: 'unsupported-value' }] })
  })
})

describe('the list of files in RUN_IMPORTED', () => {
  it('is a blob when it is too long for an event', async () => {
    const run = await soundRun(await runOf('just-created'))
    const bytes = Buffer.from('x')
    const many = Array.from(
      { length: 1_000 },
      (_, index) =>
        [
          `tasks/${index}/stdout.log`,
          { path: `tasks/${index}/stdout.log`, bytes, sha256: 'a'.repeat(64) },
        ] as const,
    )
    const planned = planImport({
      ...run,
      directory: { ...run.directory, files: new Map([...run.directory.files, ...many]) },
    })
    const plan = 'plan' in planned ? planned.plan : undefined
    const files = plan?.imported.data['files']
    expect(isBlobRef(files) && plan?.blobs.map(({ sha256 }) => sha256)).toContain(
      isBlobRef(files) && files.$blob,
    )
  })

  it('gives another id when a file has other content', async () => {
    await using copy = await copyOf('completed')
    const before = await planOf(copy.path)
    await writeFile(join(copy.path, 'state', 'logSeqs.txt'), '7\n')
    expect((await planOf(copy.path)).imported.id).not.toBe(before.imported.id)
  })
})

/** Changes the n-th resolved effect's result file; returns the effect's id. */
async function changeResult(
  run: string,
  index: number,
  change: { result: unknown; resultRef?: (effectId: string) => string },
): Promise<string> {
  const { events } = await soundRun(run)
  const effectId = told(events.filter(({ type }) => type === 'EFFECT_RESOLVED')[index]!.data['effectId'])
  const file = join(run, 'tasks', effectId, 'result.json')
  const before = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(
    file,
    JSON.stringify({ ...before, result: change.result, resultRef: change.resultRef?.(effectId) }),
  )
  expect(await readdir(join(run, 'tasks', effectId))).toContain('result.json')
  return effectId
}
