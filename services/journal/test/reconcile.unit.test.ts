import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconcile } from '../src/reconcile.ts'

const cursor = { position: 40, streamSeq: 90 }

describe('reconcile', () => {
  it('starts over when the stream is gone', () => {
    expect(reconcile(cursor, 1, undefined)).toEqual({ position: 0, streamSeq: 0 })
  })

  it('goes on where the cursor is when the stream ends there', () => {
    const stream = { lastSeq: 90, last: { seq: 90, era: 1, position: 40 } }
    expect(reconcile(cursor, 1, stream)).toEqual(cursor)
  })

  it('advances to what was published before the cursor could be saved', () => {
    const stream = { lastSeq: 95, last: { seq: 95, era: 1, position: 45 } }
    expect(reconcile(cursor, 1, stream)).toEqual({ position: 45, streamSeq: 95 })
  })

  it('rewinds to the last message that is left when the stream lost its end', () => {
    const stream = { lastSeq: 70, last: { seq: 70, era: 1, position: 20 } }
    expect(reconcile(cursor, 1, stream)).toEqual({ position: 20, streamSeq: 70 })
  })

  it('starts over on an empty stream', () => {
    expect(reconcile(cursor, 1, { lastSeq: 0, last: undefined })).toEqual({ position: 0, streamSeq: 0 })
  })

  it('keeps the cursor when all messages have expired and the numbers agree', () => {
    expect(reconcile(cursor, 1, { lastSeq: 90, last: undefined })).toEqual(cursor)
  })

  it('publishes everything again behind messages of another era', () => {
    const stream = { lastSeq: 90, last: { seq: 90, era: 1, position: 40 } }
    expect(reconcile(cursor, 2, stream)).toEqual({ position: 0, streamSeq: 90 })
  })

  it('always follows the end of the stream, and never skips an event', () => {
    const stream = fc.record({
      lastSeq: fc.nat(100),
      last: fc.option(
        fc.record({ seq: fc.nat(100), era: fc.integer({ min: 1, max: 2 }), position: fc.nat(100) }),
        { nil: undefined },
      ),
    })
    fc.assert(
      fc.property(fc.record({ position: fc.nat(100), streamSeq: fc.nat(100) }), stream, (cursor, stream) => {
        const next = reconcile(cursor, 1, stream)
        expect(next.streamSeq).toBe(stream.lastSeq)
        const trusted =
          stream.last?.seq === stream.lastSeq && stream.last.era === 1
            ? stream.last.position
            : cursor.position
        expect(next.position).toBeLessThanOrEqual(trusted)
      }),
    )
  })
})
