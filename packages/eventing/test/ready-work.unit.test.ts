import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ReadyWork } from '../src/work/ready-work.ts'

interface Head {
  readonly kind: string
  readonly name: string
  readonly seq: number
}
interface Filter {
  readonly tenant: string
  readonly kind: string
}

const filter: Filter = { tenant: 'main', kind: 'chat' }
const head = (name: string, seq = 1): Head => ({ kind: 'chat', name, seq })
const namesOf = (heads: readonly Head[]): string[] => heads.map(({ name }) => name)

const readyWork = () =>
  new ReadyWork<Filter, Head, Head>({
    nameOf: ({ kind, name }) => `${kind} ${name}`,
    nameOfFilter: ({ tenant, kind }) => `${tenant} ${kind}`,
    isMeant: (one, { tenant, kind }) => tenant === 'main' && one.kind === kind,
  })

describe('work that is ready', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is none before the read model was looked at', () => {
    const ready = readyWork()
    ready.keepKnown(head('new'))
    expect(ready.next(filter, 9)).toEqual([])
    expect(ready.mayMiss(filter)).toBe(true)
  })

  it('is what was found, oldest first, and then what this instance has made due', () => {
    const ready = readyWork()
    ready.keepKnown(head('new'))
    ready.keepFound(filter, [head('a'), head('b')], 64)
    expect(namesOf(ready.next(filter, 1))).toEqual(['a'])
    expect(ready.mayMiss(filter)).toBe(true)
    expect(namesOf(ready.next(filter, 9))).toEqual(['b'])
    expect(ready.mayMiss(filter)).toBe(false)
    expect(namesOf(ready.next(filter, 9))).toEqual(['new'])
  })

  it('is not what is new while a backlog may be longer than what was found', () => {
    const ready = readyWork()
    ready.keepKnown(head('new'))
    ready.keepFound(filter, [head('a')], 1)
    ready.next(filter, 1)
    expect(ready.next(filter, 9)).toEqual([])
    expect(ready.sinceAllMs(filter)).toBe(Number.POSITIVE_INFINITY)
  })

  it('is not what was found so long ago that others will have taken it', () => {
    const ready = readyWork()
    ready.keepFound(filter, [head('a')], 64)
    vi.advanceTimersByTime(501)
    expect(ready.next(filter, 9)).toEqual([])
  })

  it('is only what is asked for', () => {
    const ready = readyWork()
    ready.keepFound({ ...filter, kind: 'mail' }, [], 64)
    ready.keepKnown(head('new'))
    expect(ready.next({ ...filter, kind: 'mail' }, 9)).toEqual([])
    expect(ready.next({ ...filter, tenant: 'other' }, 9)).toEqual([])
  })

  it('is given to one at a time, until the read model has seen what became of it', () => {
    const ready = readyWork()
    ready.take(head('a'))
    expect(ready.isFree(head('a', 99))).toBe(false)
    ready.done(head('a'), 5)
    expect([4, 5].map((seq) => ready.isFree(head('a', seq)))).toEqual([false, true])
    expect(ready.isFree({ ...head('a'), kind: 'replies' })).toBe(true)
    expect(ready.reserved).toBe(1)
    vi.advanceTimersByTime(10_001)
    expect(ready.reserved).toBe(0)
    expect(ready.isFree(head('a', 1))).toBe(true)
  })

  it('that came to nothing is tried again once the read model tells more, or in a moment', () => {
    const ready = readyWork()
    ready.take(head('a', 3))
    ready.inVain(head('a', 3))
    expect([3, 4].map((seq) => ready.isFree(head('a', seq)))).toEqual([false, true])
    vi.advanceTimersByTime(101)
    expect(ready.reserved).toBe(0)
    expect(ready.isFree(head('a', 3))).toBe(true)
  })
})
