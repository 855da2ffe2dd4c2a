import { appendFile, copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ImportPlan, planImport } from '../src/import/plan-import.ts'
import { readRunDirectory } from '../src/import/read-directory.ts'
import { salvageRun } from '../src/import/salvage-run.ts'
import { copyOf, runOf } from './run-directory.ts'
import { eventFile, reseal } from './sealed-event.ts'

async function planOf(path: string): Promise<ImportPlan | undefined> {
  const salvaged = salvageRun(await readRunDirectory(path))
  const planned = 'run' in salvaged ? planImport(salvaged.run, true) : undefined
  return planned !== undefined && 'plan' in planned ? planned.plan : undefined
}

/** The plan after something was done to a copy of a sound run. */
async function afterwards(
  damage: (run: string, journal: string) => Promise<unknown>,
): Promise<ImportPlan | undefined> {
  await using copy = await copyOf('completed')
  await damage(copy.path, join(copy.path, 'journal'))
  return await planOf(copy.path)
}

function types(plan: ImportPlan | undefined): string[] {
  return plan?.drafts.map(({ type }) => type) ?? []
}

describe('the lenient import of a damaged run', () => {
  it.each([
    ['bad-checksum', 11, 1],
    ['gap', 11, 0],
    ['duplicate-seq', 13, 0],
    ['double-resolve', 5, 0],
    ['tmp-leftover', 12, 0],
    ['truncated-json', 11, 1],
  ])('has the sound events of %s, and then says what was wrong', async (name, events, eventsLeftOut) => {
    const plan = await planOf(await runOf('damaged', name))
    expect(plan?.drafts).toHaveLength(events + 1)
    const { type, data } = plan!.drafts.at(-1)!
    const { findings } = plan!
    expect(type).toBe('RUN_DAMAGED')
    expect(data).toEqual({ findings, findingsTotal: findings.length, eventsLeftOut })
    expect(plan?.imported.data).toMatchObject({ damaged: true, findings, events })
  })

  it('keeps every file byte for byte, also what is not sound', async () => {
    const path = await runOf('damaged', 'truncated-json')
    const plan = await planOf(path)
    const broken = (await readdir(join(path, 'journal'))).find((name) => name.startsWith('000005')) ?? ''
    const bytes = await readFile(join(path, 'journal', broken))
    expect(plan?.blobs.map((blob) => Buffer.from(blob.bytes).toString())).toContain(bytes.toString())
  })

  it('is the same each time, and that of a sound run is what the strict one is', async () => {
    const path = await runOf('damaged', 'gap')
    expect((await planOf(path))?.drafts).toEqual((await planOf(path))?.drafts)
    const sound = await planOf(await runOf('completed'))
    expect(sound?.findings).toEqual([])
    expect(sound?.imported.data).not.toHaveProperty('damaged')
    expect(types(sound)).not.toContain('RUN_DAMAGED')
  })

  it('takes no value out of a file that is another effect’s, or was changed', async () => {
    const plan = await afterwards(async (run) => {
      for (const effect of await readdir(join(run, 'tasks')))
        await writeFile(join(run, 'tasks', effect, 'result.json'), '{"effectId":"other","result":"forged"}')
    })
    expect(types(plan).filter((type) => type === 'EFFECT_RESOLVED')).not.toEqual([])
    expect(plan?.drafts.filter(({ data }) => 'result' in data)).toEqual([])
  })

  it('takes the first of two files with one ULID, since an id is given once', async () => {
    const plan = await afterwards(async (_run, journal) => {
      const last = await eventFile(journal, 12)
      await copyFile(last, last.replace('000012', '000013'))
    })
    expect(types(plan).slice(-2)).toEqual(['RUN_COMPLETED', 'RUN_DAMAGED'])
    expect(plan?.findings).toMatchObject([{ code: 'ulid-order', leftOut: true }])
  })

  it('leaves out an event that the journal cannot hold', async () => {
    const plan = await afterwards(async (_run, journal) => {
      await reseal(await eventFile(journal, 12), (event) => ({
        ...event,
        data: { output: 1, colour: 'red' },
      }))
    })
    expect(types(plan)).not.toContain('RUN_COMPLETED')
    expect(plan?.findings).toMatchObject([{ code: 'unsupported-value', leftOut: true }])
  })

  it('does without run.json', async () => {
    const plan = await afterwards((run) => rm(join(run, 'run.json')))
    expect(plan?.runId).toBe('01M7YJZD5YW502KKT9P5VKADPA')
    expect(plan?.findings).toMatchObject([{ code: 'missing-file', file: 'run.json' }])
  })

  it('is refused when nothing is sound, or it is not known by which rules it was written', async () => {
    expect(
      await afterwards(async (_run, journal) => {
        for (const name of await readdir(journal)) await appendFile(join(journal, name), ' ')
      }),
    ).toBeUndefined()
    expect(
      await afterwards(async (run) => {
        const file = join(run, 'run.json')
        await writeFile(file, (await readFile(file, 'utf8')).replace('2026.01-storage-preview', '2030'))
      }),
    ).toBeUndefined()
    expect(await afterwards((run) => rename(join(run, 'journal'), join(run, 'gone')))).toBeUndefined()
  })
})
