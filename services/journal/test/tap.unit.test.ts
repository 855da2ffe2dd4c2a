import { checksumOf, FIRST_PREV, hashOfHeaderText, headerTextOf, readJournalEvent } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../src/settle.ts'
import { fromJournal, Tap } from '../src/tap.ts'

const AT = '2026-11-21T12:00:00.000Z'

function added(base: number, count: number, message = 'hello'): { base: number; events: NewEvent[] } {
  const data = JSON.stringify({ message })
  const events = Array.from({ length: count }, (_, index): NewEvent => {
    const header = {
      id: `01K${String(base + index + 1).padStart(23, '0')}`,
      tenant: 'main',
      stream: 'run/a',
      seq: base + index + 1,
      type: 'PROCESS_LOG',
      v: 1,
      actor: { kind: 'user' as const, id: 'me' },
      occurredAt: AT,
      recordedAt: AT,
      checksum: checksumOf(data),
      prev: FIRST_PREV,
    }
    const headerText = headerTextOf(header)
    return { offset: index + 1, kind: 'run', data, header, headerText, hash: hashOfHeaderText(headerText) }
  })
  return { base, events }
}

function positions(tap: Tap, after: number, limit = 100, bytesMax = 1_000_000): number[] {
  return tap.take(after, limit, bytesMax).map(({ position }) => position)
}

describe('the tap', () => {
  it('gives the events after a position, in order, as far as the limits allow', () => {
    const tap = new Tap()
    tap.offer(added(0, 3))
    tap.offer(added(3, 2))
    expect(positions(tap, 0)).toEqual([1, 2, 3, 4, 5])
    expect(positions(tap, 2, 2)).toEqual([3, 4])
    expect(positions(tap, 2, 100, 1)).toEqual([3])
    expect(positions(tap, 5)).toEqual([])
  })

  it('gives nothing when it does not hold the next event', () => {
    const tap = new Tap()
    expect(positions(tap, 0)).toEqual([])
    tap.offer(added(10, 2))
    expect(positions(tap, 0)).toEqual([])
    expect(positions(tap, 10)).toEqual([11, 12])
  })

  it('puts two appends in order that it hears of in the wrong one', () => {
    const tap = new Tap()
    tap.offer(added(0, 2))
    tap.offer(added(4, 2))
    expect(positions(tap, 0)).toEqual([1, 2])
    tap.offer(added(2, 2))
    expect(positions(tap, 0)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('never spans a gap that another instance filled, and goes on behind it', () => {
    const tap = new Tap()
    tap.offer(added(0, 2))
    for (const base of [5, 7, 9, 11]) tap.offer(added(base, 2))
    expect(positions(tap, 0)).toEqual([1, 2])
    tap.offer(added(13, 2))
    expect(positions(tap, 2)).toEqual([])
    expect(positions(tap, 5)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
  })

  it('lets go of everything rather than grow without bound', () => {
    const tap = new Tap()
    tap.offer(added(0, 20_001))
    expect(positions(tap, 0)).toEqual([])
    tap.offer(added(20_001, 1))
    expect(positions(tap, 20_001)).toEqual([20_002])
    tap.offer(added(20_002, 150, 'x'.repeat(250_000)))
    expect(positions(tap, 20_002)).toEqual([])
  })

  it('sends an event exactly as one that was read from the table', () => {
    const tap = new Tap()
    tap.offer(added(0, 1))
    const [sent] = tap.take(0, 1, 1_000)
    const event = readJournalEvent(JSON.parse(sent?.body ?? ''))
    expect(event).toMatchObject({ position: 1, data: { message: 'hello' } })
    const again = fromJournal(event)
    // Of the event itself, which is there for traces, one has the header and the other all.
    expect({ ...again, body: JSON.parse(again.body), event: undefined }).toEqual({
      ...sent,
      body: JSON.parse(sent?.body ?? ''),
      event: undefined,
    })
    expect(again.event).toMatchObject(sent?.event ?? {})
  })
})
