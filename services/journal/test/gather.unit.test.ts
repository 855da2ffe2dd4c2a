import { parseAppendRequest } from '@daybook/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Gathered, streamsOf, takeBatch } from '../src/gather.ts'
import { log } from './service-fixture.ts'

interface Numbered extends Gathered {
  n: number
}

function request(n: number, streams: string[], expecting: string[] = [], eventsPerStream = 1): Numbered {
  const events = streams.flatMap((stream) => Array.from({ length: eventsPerStream }, () => log(stream, 'x')))
  const expect = Object.fromEntries(expecting.map((stream) => [stream, 'exists']))
  const job = { tenant: 'main', request: parseAppendRequest(JSON.parse(JSON.stringify({ events, expect }))) }
  return { n, ...job, streams: streamsOf(job) }
}

const numbers = (requests: readonly Numbered[]) => requests.map(({ n }) => n)

describe('takeBatch', () => {
  it('takes everything that is free, in order', () => {
    const queue = [request(1, ['run/a']), request(2, ['run/b']), request(3, ['run/a'])]
    const { batch, rest } = takeBatch(queue, new Set())
    expect([numbers(batch), numbers(rest)]).toEqual([[1, 2, 3], []])
  })

  it('lets a request wait for a busy stream, and those behind it that share a stream with it', () => {
    const queue = [
      request(1, ['run/a', 'run/b']),
      request(2, ['run/b']),
      request(3, ['run/c'], ['run/a']),
      request(4, ['run/d']),
    ]
    const { batch, rest } = takeBatch(queue, new Set(['main run/a']))
    expect([numbers(batch), numbers(rest)]).toEqual([[4], [1, 2, 3]])
  })

  it('stops at five hundred events, but never before the first request', () => {
    const queue = [request(1, ['run/a'], [], 400), request(2, ['run/b'], [], 200), request(3, ['run/c'])]
    expect(numbers(takeBatch(queue, new Set()).batch)).toEqual([1])
    expect(numbers(takeBatch([request(1, ['run/a'], [], 900)], new Set()).batch)).toEqual([1])
  })

  it('keeps the order of every stream, whatever is busy when', () => {
    const streams = fc.uniqueArray(fc.constantFrom('run/a', 'run/b', 'run/c'), { minLength: 1 })
    const busy = fc.uniqueArray(fc.constantFrom('main run/a', 'main run/b', 'main run/c'))
    fc.assert(
      fc.property(
        fc.array(streams, { maxLength: 12 }),
        fc.array(busy, { maxLength: 4 }),
        (requests, rounds) => {
          let queue = requests.map((names, n) => request(n, names))
          const order: Numbered[] = []
          for (const round of [...rounds, []]) {
            const { batch, rest } = takeBatch(queue, new Set(round))
            order.push(...batch)
            queue = rest
          }
          expect(queue).toEqual([])
          for (const name of ['main run/a', 'main run/b', 'main run/c']) {
            const ofStream = numbers(order.filter(({ streams }) => streams.has(name)))
            expect(ofStream).toEqual(ofStream.toSorted((a, b) => a - b))
          }
        },
      ),
    )
  })
})
