import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addToCache, ensureCached, listCached } from '../bootstrap/cache.mjs'

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'daybook-cache-test-'))
})
afterEach(() => rm(cache, { recursive: true }))

const entry = () => ({ program: 'tool', version: '1.2', file: 'tool', env: { DAYBOOK_CACHE: cache } })
const writing = (text: string) => (folder: string) => writeFile(join(folder, 'tool'), text)

describe('the cache', () => {
  it('fills an entry once', async () => {
    await ensureCached(entry(), writing('first'))
    const path = await ensureCached(entry(), writing('second'))
    expect(await readFile(path, 'utf8')).toBe('first')
  })

  it('holds one whole copy when several setups fill it at the same time', async () => {
    const paths = await Promise.all(['a', 'b', 'c'].map((text) => ensureCached(entry(), writing(text))))
    expect(new Set(paths).size).toBe(1)
    expect(await readdir(cache)).toEqual(['tool-1.2'])
  })

  it('holds nothing of an attempt that failed', async () => {
    const failing = ensureCached(entry(), async (folder) => {
      await writing('half')(folder)
      throw new Error('the network went away')
    })
    await expect(failing).rejects.toThrow('the network went away')
    expect(await readdir(cache)).toEqual([])
  })

  it('replaces a folder that lacks its program', async () => {
    await mkdir(join(cache, 'tool-1.2'))
    const path = await ensureCached(entry(), writing('whole'))
    expect(await readFile(path, 'utf8')).toBe('whole')
  })

  it('names an entry by the version that is found out while filling, and lists the newest last', async () => {
    for (const version of ['1.10', '1.9']) {
      await addToCache(entry(), async (folder) => {
        await writing(version)(folder)
        return version
      })
    }
    expect(await listCached('tool', entry().env)).toEqual([join(cache, 'tool-1.9'), join(cache, 'tool-1.10')])
  })
})
