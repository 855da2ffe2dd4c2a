import { describe, expect, it } from 'vitest'
import { streamTurns } from '../src/commands/stream-turns.ts'

/** Work that is begun when it is its turn, and ends when it is told to. */
function world() {
  const turns = streamTurns()
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const start = (kind: 'shared' | 'alone', stream: string, name: string) =>
    turns[kind](stream, async () => {
      begun.push(name)
      await new Promise<void>((resolve) => ends.set(name, resolve))
      return name
    })
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.()
    // What waited for it begins in the microtasks that follow.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { turns, begun, start, end }
}

describe('what is done to one stream', () => {
  it('is done one after the other', async () => {
    const { begun, start, end } = world()
    void start('alone', 'a', '1')
    void start('alone', 'a', '2')
    expect(begun).toEqual(['1'])
    await end('1')
    expect(begun).toEqual(['1', '2'])
  })

  it('does not wait for what is done to others', () => {
    const { begun, start } = world()
    void start('alone', 'a', '1')
    void start('alone', 'b', '2')
    expect(begun).toEqual(['1', '2'])
  })

  it('is done together where it can be, and not before what came first', async () => {
    const { begun, start, end } = world()
    void start('shared', 'a', 's1')
    void start('shared', 'a', 's2')
    void start('alone', 'a', '3')
    void start('shared', 'a', 's4')
    void start('shared', 'a', 's5')
    expect(begun).toEqual(['s1', 's2'])
    await end('s1')
    expect(begun).toEqual(['s1', 's2'])
    await end('s2')
    expect(begun).toEqual(['s1', 's2', '3'])
    await end('3')
    expect(begun).toEqual(['s1', 's2', '3', 's4', 's5'])
  })

  it('goes on after a failure, which is told to whoever asked for it', async () => {
    const { turns } = world()
    const failed = turns.alone('a', async () => Promise.reject(new Error('no')))
    const next = turns.alone('a', async () => 'yes')
    await expect(failed).rejects.toThrow('no')
    await expect(next).resolves.toBe('yes')
  })
})
