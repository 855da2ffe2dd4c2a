import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkRun, damagedRun } from '../src/import/check-run.ts'
import type { Finding } from '../src/import/finding.ts'
import { readRunDirectory } from '../src/import/read-directory.ts'
import { copyOf, runOf, soundRuns } from './run-directory.ts'
import { eventFile, renameRun, reseal } from './sealed-event.ts'

/** The findings of a directory, as `code file` with ULIDs left out. */
async function findingsOf(path: string): Promise<string[]> {
  const checked = checkRun(await readRunDirectory(path))
  return 'findings' in checked ? checked.findings.map(brief) : []
}

function brief({ code, file }: Finding): string {
  return `${code} ${file.replace(/[0-9A-Z]{26}/g, '…')}`
}

/** The findings after something was done to a copy of a sound run. */
async function afterwards(
  damage: (run: string, journal: string) => Promise<unknown>,
  of = 'completed',
): Promise<string[]> {
  await using copy = await copyOf(of)
  await damage(copy.path, join(copy.path, 'journal'))
  return await findingsOf(copy.path)
}

describe('a sound run', () => {
  it.each(soundRuns)('has nothing wrong: %s', async (name) => {
    expect(await findingsOf(await runOf(name))).toEqual([])
  })
})

describe('a damaged run is told with every file and what is wrong with it:', () => {
  it.each([
    ['bad-checksum', ['checksum-wrong journal/000003.….json']],
    ['gap', ['gap journal/000007.….json', 'unknown-effect journal/000008.….json']],
    ['duplicate-seq', ['duplicate-seq journal/000004.….json', 'double-request journal/000004.….json']],
    ['double-resolve', ['double-resolve journal/000005.….json']],
    ['tmp-leftover', ['temporary-file journal/000013.….json.tmp-123-456']],
    ['truncated-json', ['unparsable journal/000005.….json']],
  ])('%s', async (name, expected) => {
    const found = await findingsOf(await runOf('damaged', name))
    expect(found).toEqual(expected)
  })

  it('a checksum that is missing', async () => {
    const found = await afterwards(async (_run, journal) => {
      const file = await eventFile(journal, 12)
      const { checksum: _checksum, ...event } = JSON.parse(await readFile(file, 'utf8'))
      await writeFile(file, `${JSON.stringify(event, null, 2)}\n`)
    })
    expect(found).toContain('checksum-missing journal/000012.….json')
  })

  it('members behind the checksum, which it does not cover', async () => {
    const found = await afterwards(async (_run, journal) => {
      const file = await eventFile(journal, 12)
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace(/\n}\n$/, ',\n  "forged": true\n}\n'))
    })
    expect(found).toContain('checksum-wrong journal/000012.….json')
  })

  it('line ends that were converted', async () => {
    const found = await afterwards(async (_run, journal) => {
      const file = await eventFile(journal, 12)
      await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'))
    })
    expect(found).toContain('checksum-wrong journal/000012.….json')
  })

  it('an empty file and one that holds something else than an event', async () => {
    const found = await afterwards(async (_run, journal) => {
      await truncate(await eventFile(journal, 11))
      await writeFile(await eventFile(journal, 12), 'null\n')
    })
    expect(found).toContain('unparsable journal/000011.….json')
    expect(found).toContain('not-an-event journal/000012.….json')
  })

  it('stray files and names that are none', async () => {
    const found = await afterwards(async (_run, journal) => {
      await writeFile(join(journal, 'notes.json'), '{}')
      await writeFile(join(journal, 'notes.txt'), 'hello')
      await mkdir(join(journal, 'old'))
      await writeFile(join(journal, 'old', '000001.01M7YJZD6J582QQ5RVRDVEZCS2.json'), '{}')
    })
    expect(found).toEqual([
      'bad-name journal/notes.json',
      'stray-file journal/notes.txt',
      'stray-file journal/old/000001.….json',
    ])
  })

  it('the first event gone', async () => {
    expect(await afterwards(async (_run, journal) => rm(await eventFile(journal, 1)))).toContain(
      'gap journal/000002.….json',
    )
  })

  it('the last event gone, which only the cache still knows', async () => {
    expect(await afterwards(async (_run, journal) => rm(await eventFile(journal, 12)))).toEqual([
      'lost-tail state/state.json',
    ])
  })

  it('a ULID that does not grow', async () => {
    const found = await afterwards(async (_run, journal) =>
      rename(await eventFile(journal, 12), join(journal, '000012.01M7YJZD6J582QQ5RVRDVEZCS2.json')),
    )
    expect(found).toEqual(['ulid-order journal/000012.….json'])
  })

  it('a result or a task that is missing, unreadable or of another effect', async () => {
    const found = await afterwards(async (run) => {
      const [first, second, third] = (await readdir(join(run, 'tasks'))).map((effect) =>
        join(run, 'tasks', effect),
      )
      await rm(join(first ?? '', 'result.json'))
      await rm(join(second ?? '', 'task.json'))
      await writeFile(join(third ?? '', 'result.json'), '{"effectId":"someone else"}')
    })
    expect(found).toEqual([
      'missing-result journal/000003.….json',
      'missing-task journal/000004.….json',
      'other-result tasks/…/result.json',
    ])
  })

  it('a resolution of an effect that no event requests', async () => {
    const found = await afterwards(async (_run, journal) => {
      await reseal(await eventFile(journal, 5), (event) => ({
        ...event,
        data: { effectId: 'unknown', status: 'ok' },
      }))
    })
    expect(found).toEqual(['unknown-effect journal/000005.….json'])
  })

  it('a run of another name, layout or beginning', async () => {
    const renamed = await afterwards(async (run) => {
      const file = join(run, 'run.json')
      const text = await readFile(file, 'utf8')
      await writeFile(
        file,
        text.replace('01M7YJZD5YW502KKT9P5VKADPA', 'other').replace('2026.01-storage-preview', '2030'),
      )
    })
    expect(renamed).toEqual(['wrong-run journal/000001.….json', 'unsupported-layout run.json'])
    const headless = await afterwards(async (_run, journal) => {
      await reseal(await eventFile(journal, 1), (event) => ({ ...event, type: 'PROCESS_LOG' }))
    })
    expect(headless).toEqual(['wrong-run journal/000001.….json'])
  })

  it('run.json, inputs.json or the whole journal gone', async () => {
    expect(await afterwards(async (run) => rm(join(run, 'run.json')))).toEqual(['missing-file run.json'])
    expect(await afterwards(async (run) => rm(join(run, 'inputs.json')))).toEqual([
      'missing-file inputs.json',
    ])
    expect(await afterwards(async (run) => rm(join(run, 'journal'), { recursive: true }))).toEqual([
      'missing-file journal',
      'lost-tail state/state.json',
    ])
  })

  it('symbolic links, which are not followed', async () => {
    const found = await afterwards(async (run, journal) => {
      await symlink('/etc/hostname', join(run, 'tasks', 'link'))
      await symlink(await eventFile(journal, 12), join(journal, '000013.01ZZZZZZZZZZZZZZZZZZZZZZZZ.json'))
    })
    expect(found).toEqual(['symbolic-link journal/000013.….json', 'symbolic-link tasks/link'])
  })

  it('references that lead out of the directory', async () => {
    const found = await afterwards(async (_run, journal) => {
      await reseal(await eventFile(journal, 2), (event) => {
        const data = typeof event['data'] === 'object' ? event['data'] : {}
        return { ...event, data: { ...data, taskDefRef: '../../../../../../../etc/hostname' } }
      })
    })
    expect(found).toEqual(['missing-task journal/000002.….json'])
  })

  it('a file that is too large', async () => {
    const found = await afterwards(async (run) => {
      const [effect] = await readdir(join(run, 'tasks'))
      await writeFile(join(run, 'tasks', effect ?? '', 'stdout.log'), '')
      await truncate(join(run, 'tasks', effect ?? '', 'stdout.log'), 17 * 1024 * 1024)
    })
    expect(found).toEqual(['too-large tasks/…/stdout.log'])
  })

  it('a spilled value whose content is not that of its name', async () => {
    const found = await afterwards(async (run) => {
      const [effect] = await readdir(join(run, 'tasks'))
      await mkdir(join(run, 'tasks', effect ?? '', 'blobs'))
      await writeFile(join(run, 'tasks', effect ?? '', 'blobs', `result-${'0'.repeat(64)}.json`), '1\n')
    })
    expect(found).toEqual([
      `changed-blob tasks/…/blobs/result-${'0'.repeat(64)}.json`.replace(/[0-9A-Z]{26}/g, '…'),
    ])
  })

  it('bytes that are not UTF-8', async () => {
    const found = await afterwards(async (_run, journal) =>
      appendFile(await eventFile(journal, 12), Uint8Array.of(0xff)),
    )
    expect(found).toEqual(['unsupported-value journal/000012.….json'])
  })
})

it('takes the name of a run from run.json, whatever its folder is called', async () => {
  await using copy = await copyOf('completed')
  const renamed = join(copy.path, '..', 'last friday')
  await rename(copy.path, renamed)
  expect(checkRun(await readRunDirectory(renamed))).toMatchObject({
    run: { runId: '01M7YJZD5YW502KKT9P5VKADPA' },
  })
})

it('refuses a run id that cannot name a stream', async () => {
  const found = await afterwards((run) => renameRun(run, 'last friday'), 'just-created')
  expect(found).toEqual(['bad-name run.json'])
})

it('leaves out artifacts and what a crash left of a write outside the journal, and says so', async () => {
  await using copy = await copyOf('completed')
  await mkdir(join(copy.path, 'artifacts'))
  await writeFile(join(copy.path, 'artifacts', 'film.mp4'), 'film')
  await writeFile(join(copy.path, 'run.json.tmp-1-2'), '')
  const directory = await readRunDirectory(copy.path)
  expect(directory.leftOut).toEqual(['artifacts', 'run.json.tmp-1-2'])
  expect(checkRun(directory)).toHaveProperty('run')
})

it('tells the damage in one error with a code, the files, and what to do', async () => {
  const directory = await readRunDirectory(await runOf('damaged', 'gap'))
  const checked = checkRun(directory)
  const error = damagedRun(
    { runId: '01M7YJZD5YW502KKT9P5VKADPA', path: directory.path },
    'findings' in checked ? checked.findings : [],
  )
  expect(error.code).toBe('damaged-run')
  expect(error.message).toMatch(
    /^The run 01M7YJZD5YW502KKT9P5VKADPA in .* is damaged; nothing of it was imported\.\n {2}journal\/000007/,
  )
  expect(error.message).toContain('comes where 6 is expected: 6 is missing (gap)')
  expect(error.details?.['findings']).toContainEqual(
    expect.objectContaining({ code: 'gap', file: expect.stringContaining('000007') }),
  )
})
