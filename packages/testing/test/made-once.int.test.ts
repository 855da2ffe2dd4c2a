import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { madeOnce } from '../src/made-once.ts'

describe('madeOnce', () => {
  it('makes one folder for all who ask, and nobody gets it before it is whole', async () => {
    let made = 0
    const make = async (folder: string) => {
      made += 1
      await writeFile(join(folder, 'first'), 'one')
      await writeFile(join(folder, 'last'), 'two')
    }
    const read = async () => readFile(join(await madeOnce('test-once', make), 'last'), 'utf8')
    expect(await Promise.all([read(), read(), read()])).toEqual(['two', 'two', 'two'])
    expect(await read()).toBe('two')
    expect(made).toBe(1)
  })

  it('is tried again by the next one when it failed, from an empty folder on', async () => {
    const failing = async (folder: string) => {
      await writeFile(join(folder, 'half'), '')
      throw new Error('no room')
    }
    const making = (folder: string) => writeFile(join(folder, 'half'), 'whole', { flag: 'wx' })
    const asked = [madeOnce('test-failing', failing), madeOnce('test-failing', making)]
    const [failed, done] = await Promise.allSettled(asked)
    expect([failed?.status, done?.status]).toEqual(['rejected', 'fulfilled'])
  })
})
