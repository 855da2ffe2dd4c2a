import { describe, expect, it } from 'vitest'
import type { BundleEntry } from '../src/bundle/format.ts'
import { readLines } from '../src/bundle/lines.ts'
import { type VerifyBundleOptions, verifyBundle } from '../src/bundle/verify.ts'
import { type BundleHeading, bundleLines } from '../src/bundle/write.ts'
import type { JournalEvent, Receipt } from '../src/envelope.ts'
import { withoutPayload } from '../src/erasure/payloads-erased.ts'
import { eventLeaf } from '../src/merkle/hash.ts'
import { signCheckpoint } from '../src/note/checkpoint.ts'
import { generateSignerKey } from '../src/note/key.ts'
import { journalOf } from './journal.ts'
import { naiveConsistency, naiveInclusion, naiveRoot } from './naive-tree.ts'

const { key } = generateSignerKey('example.com/journal')
const erasureId = '01M7YJZD5YW502KKT9P5VKADPA'

function run(length: number): JournalEvent[] {
  const given = Array.from({ length }, (_, index) => ({
    type: 'PROCESS_LOG',
    data: { message: `é ${index}` },
  }))
  return journalOf('run/a', given)
}

function treeOf(events: readonly JournalEvent[]): Buffer[] {
  return events.map((event) => eventLeaf(event))
}

function noteOver(events: readonly JournalEvent[], signer = key): string {
  const root = naiveRoot(treeOf(events))
  return signCheckpoint({ origin: 'example.com/journal/1', size: events.length, root }, signer)
}

function entriesOf(events: readonly JournalEvent[], sealed = events.length): BundleEntry[] {
  const tree = treeOf(events.slice(0, sealed))
  return events.map((event, index) =>
    index >= sealed
      ? { event }
      : {
          event,
          proof: {
            index,
            size: sealed,
            hashes: naiveInclusion(index, tree).map((hash) => hash.toString('hex')),
          },
        },
  )
}

interface Given {
  heading?: Partial<BundleHeading>
  entries?: BundleEntry[]
}

async function linesOf(events: readonly JournalEvent[], { heading, entries }: Given = {}): Promise<string[]> {
  const whole: BundleHeading = {
    tenant: 'main',
    streams: ['run/a'],
    era: 1,
    createdAt: '2026-11-21T08:00:00.000Z',
    checkpoint: noteOver(events),
    ...heading,
  }
  return Array.fromAsync(bundleLines(whole, entries ?? entriesOf(events)))
}

async function faultOf(
  lines: readonly string[],
  options: VerifyBundleOptions = { keys: [key.verifier] },
): Promise<string | undefined> {
  const { fault } = await verifyBundle(lines, options)
  return fault && [fault.code, fault.seq].filter((part) => part !== undefined).join(' ')
}

describe('a bundle', () => {
  it('verifies by itself, and says what it holds and who vouches for it', async () => {
    const events = run(7)
    const report = await verifyBundle(await linesOf(events), { keys: [key.verifier] })
    expect(report).toEqual({
      tenant: 'main',
      streams: ['run/a'],
      events: 7,
      proven: 7,
      unproven: 0,
      erased: 0,
      archived: 0,
      checkpoint: { origin: 'example.com/journal/1', size: 7, root: naiveRoot(treeOf(events)) },
      signers: ['example.com/journal'],
    })
  })

  it('comes back from its bytes, however they are cut', async () => {
    const lines = await linesOf(run(3))
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    for (const size of [1, 7, 100, bytes.length]) {
      const chunks = async function* () {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      }
      expect(await Array.fromAsync(readLines(chunks()))).toEqual(lines)
    }
  })

  it('may hold events that were not sealed yet, and counts them', async () => {
    const events = run(5)
    const heading = { checkpoint: noteOver(events.slice(0, 3)) }
    const lines = await linesOf(events, { heading, entries: entriesOf(events, 3) })
    expect(await verifyBundle(lines, { keys: [key.verifier] })).toMatchObject({
      events: 5,
      proven: 3,
      unproven: 2,
    })
    expect(await faultOf(lines)).toBeUndefined()
  })
})

describe('a bundle shows', () => {
  it('a changed payload', async () => {
    const events = run(4).map((event) =>
      event.seq === 2 ? { ...event, data: { message: 'forged' } } : event,
    )
    expect(await faultOf(await linesOf(events))).toBe('checksum 2')
  })

  it('a changed header', async () => {
    const events = run(4).map((event) => (event.seq === 3 ? { ...event, type: 'RUN_FAILED' } : event))
    expect(await faultOf(await linesOf(events))).toBe('hash 3')
  })

  it('an event that was taken out, put in twice, or moved', async () => {
    const events = run(5)
    const entries = entriesOf(events)
    const [second, third] = [entries.slice(1, 2), entries.slice(2, 3)]
    expect(await faultOf(await linesOf(events, { entries: entries.toSpliced(2, 1) }))).toBe('seq 4')
    expect(await faultOf(await linesOf(events, { entries: entries.toSpliced(2, 0, ...second) }))).toBe(
      'seq 2',
    )
    expect(
      await faultOf(await linesOf(events, { entries: entries.toSpliced(1, 2, ...third, ...second) })),
    ).toBe('seq 3')
  })

  it('a stream that was rewritten with sound chains, against the checkpoint', async () => {
    const events = run(4)
    const forged = run(4)
    const entries = entriesOf(events).map((entry, index) => ({
      ...entry,
      event: forged[index] ?? entry.event,
    }))
    expect(await faultOf(await linesOf(events, { entries }))).toBe('proof 1')
  })

  it('another position than the sealed one', async () => {
    const events = run(4)
    const entries = entriesOf(events).map((entry) => ({
      ...entry,
      event: { ...entry.event, position: (entry.event.position % 4) + 1 },
    }))
    expect(await faultOf(await linesOf(events, { entries }))).toBe('proof 1')
  })

  it('a proof that was left out', async () => {
    const events = run(2)
    expect(await faultOf(await linesOf(events, { entries: events.map((event) => ({ event })) }))).toBe(
      'proof 1',
    )
  })

  it('a checkpoint that another key has signed, or none at all', async () => {
    const events = run(2)
    const other = generateSignerKey('example.com/journal').key
    expect(await faultOf(await linesOf(events, { heading: { checkpoint: noteOver(events, other) } }))).toBe(
      'signature',
    )
    const lines = await Array.fromAsync(
      bundleLines({ tenant: 'main', streams: ['run/a'], era: 1, createdAt: 'x' }, entriesOf(events)),
    )
    expect([await faultOf(lines), await faultOf(lines, {})]).toEqual(['signature', undefined])
  })

  it('its end cut off, bytes behind it, or other bytes than were written', async () => {
    const lines = await linesOf(run(3))
    expect(await faultOf(lines.slice(0, -1))).toBe('format')
    expect(await faultOf([])).toBe('format')
    expect(await faultOf([...lines, '{}'])).toBe('format')
    const end = lines.at(-1) ?? ''
    expect(await faultOf([...lines.slice(0, -1), end.replace(/"sha256":"./, '"sha256":"x')])).toBe('format')
    expect(await faultOf(lines.with(0, (lines[0] ?? '').replace('2026', '2025')))).toBe('digest')
    expect(await faultOf(lines.toSpliced(-2, 1))).toBe('digest')
  })

  it('an event of a stream that it does not name', async () => {
    expect(await faultOf(await linesOf(run(1), { heading: { streams: ['run/b'] } }))).toBe('format 1')
  })

  it('lines that are no events, or hold what no journal can', async () => {
    const [first = '', second = '', ...rest] = await linesOf(run(1))
    for (const line of [
      '',
      '{}',
      '[]',
      'null',
      second.replace('"seq":1', '"seq":1e400'),
      second.replace('{', '{"event":{},'),
    ])
      expect(await faultOf([first, line, ...rest])).toBe('format')
    expect(await faultOf([first.replace('daybook/1', 'daybook/2'), second, ...rest])).toBe('format')
  })

  it('that its newest events were left out, if there is a receipt for one of them', async () => {
    const events = run(4)
    const receipts = events.map((event): Receipt => ({ ...event, duplicate: false }))
    const lines = await linesOf(events, { entries: entriesOf(events).slice(0, 3) })
    expect(await faultOf(lines)).toBeUndefined()
    expect(await faultOf(lines, { receipts })).toBe('cut 4')
    expect(await faultOf(await linesOf(events), { receipts })).toBeUndefined()
  })

  it('another event than a receipt was given for', async () => {
    const events = run(2)
    const receipt = { ...run(2)[0], id: events[0]?.id }
    const lines = await linesOf(events)
    expect(
      await faultOf(lines, { receipts: [Object.assign({ duplicate: false }, events[0], receipt)] }),
    ).toBe('receipt 1')
  })
})

describe('an older checkpoint', () => {
  const consistency = (from: number, events: readonly JournalEvent[]) => ({
    from,
    hashes: naiveConsistency(from, treeOf(events)).map((hash) => hash.toString('hex')),
  })
  const known = (events: readonly JournalEvent[]) => [
    { origin: 'x', size: events.length, root: naiveRoot(treeOf(events)) },
  ]

  it('is continued by the checkpoint of the bundle, with a proof', async () => {
    const events = run(6)
    const lines = await linesOf(events, { heading: { consistency: consistency(4, events) } })
    expect(await faultOf(lines, { known: known(events.slice(0, 4)) })).toBeUndefined()
    expect(await faultOf(lines, { known: known(events) })).toBeUndefined()
    expect(await faultOf(lines, { known: known(events.slice(0, 3)) })).toBe('proof')
  })

  it('shows a stream that was wholly rewritten, and sealed anew with the same key', async () => {
    const events = run(6)
    const forged = run(6)
    const lines = await linesOf(forged, { heading: { consistency: consistency(4, forged) } })
    expect(await faultOf(lines)).toBeUndefined()
    expect(await faultOf(lines, { known: known(events.slice(0, 4)) })).toBe('rewritten')
  })

  it('shows that the journal has become shorter', async () => {
    const events = run(6)
    expect(await faultOf(await linesOf(events.slice(0, 4)), { known: known(events) })).toBe('cut')
  })
})

describe('an erased event', () => {
  const [first, second, third] = run(3)
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are three')
  const record = (event: JournalEvent): JournalEvent => {
    const { id, stream, seq, position, checksum } = event
    const data = { reason: 'asked for', events: [{ id, stream, seq, position, checksum }] }
    const [recorded] = journalOf(`erasure/${erasureId}`, [{ type: 'PAYLOADS_ERASED', data }])
    if (recorded === undefined) throw new Error('there is one')
    return { ...recorded, position: 4 }
  }
  const heading = { streams: ['run/a', `erasure/${erasureId}`] }
  const bundleOf = (events: readonly JournalEvent[]) =>
    Array.fromAsync(
      bundleLines(
        { tenant: 'main', era: 1, createdAt: 'x', ...heading },
        events.map((event) => ({ event })),
      ),
    )
  const without = [first, withoutPayload(second, erasureId), third]

  it.each(['before', 'behind'])('is sound when its record stands %s it', async (where) => {
    const events = where === 'behind' ? [...without, record(second)] : [record(second), ...without]
    const lines = await bundleOf(events)
    expect(await verifyBundle(lines)).toMatchObject({ erased: 1, events: 4 })
    expect(await faultOf(lines, {})).toBeUndefined()
  })

  it('is a fault without a record, with one of another event, or with a payload', async () => {
    expect(await faultOf(await bundleOf(without), {})).toBe('erasure 2')
    expect(await faultOf(await bundleOf([...without, record(third)]), {})).toBe('erasure 2')
    const pretended = { ...second, erased: { erasureId } }
    expect(await faultOf(await bundleOf([first, pretended, third, record(second)]), {})).toBe('erasure 2')
    const archived = { ...second, data: {}, erased: { erasureId: `archive:${erasureId}` } }
    expect(await faultOf(await bundleOf([first, archived, third]), {})).toBe('erasure 2')
  })
})
