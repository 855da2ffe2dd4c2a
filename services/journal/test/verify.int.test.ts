import { openDatabase } from '@daybook/database'
import { generateSignerKey, hashOf } from '@daybook/events'
import { itWithServer } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import type { JournalTables } from '../src/store/tables.ts'
import { verifyJournal } from '../src/verify/journal.ts'
import { alter } from './forger.ts'
import {
  data,
  faultOf,
  forgetSeals,
  keptOutside,
  key,
  ORIGIN,
  rewrite,
  sealedJournal,
} from './sealed-journal.ts'
import { createJournalDatabase, readAll } from './service-fixture.ts'

describe('verification of a database', () => {
  it('finds nothing wrong with a sound journal, and says what it has seen', async () => {
    await using setup = await sealedJournal()
    const positions: number[] = []
    const report = await setup.verify({
      receipts: setup.receipts,
      known: await keptOutside(setup),
      onProgress: ({ position }) => positions.push(position),
    })
    expect(report).toEqual({
      events: 600,
      streams: 3,
      erased: 0,
      archived: 0,
      checkpoints: 2,
      sealed: 590,
      signers: [key.verifier.text],
    })
    expect(positions).toEqual([600])
  })

  it('is at home in an empty journal', async () => {
    await using test = await createJournalDatabase()
    const report = await verifyJournal(test.connect(), { keys: [key.verifier], known: [] })
    expect(report).toMatchObject({ events: 0, checkpoints: 0, sealed: 0 })
    expect(report.fault).toBeUndefined()
  })

  itWithServer('needs no more rights than the journal itself has', async () => {
    await using setup = await sealedJournal()
    const url = new URL(setup.test.test.url ?? '')
    url.searchParams.set('options', '-c role=daybook_journal')
    await using database = openDatabase<JournalTables>({ url: url.href, applicationName: 'test' })
    expect(await verifyJournal(database, { keys: [key.verifier], known: [] })).not.toHaveProperty('fault')
  })
})

describe('verification finds', () => {
  it.each([
    { where: 'in a sealed event', position: 5 },
    { where: 'in an event that is not sealed yet', position: 595 },
  ])('a changed payload $where', async ({ position }) => {
    await using setup = await sealedJournal()
    await alter(
      setup.database,
      `update journal.events set data = ${data('forged')} where position = ${position}`,
    )
    expect(await faultOf(setup)).toBe(`checksum ${position}`)
  })

  it('a payload that means the same and is written otherwise', async () => {
    await using setup = await sealedJournal()
    await alter(
      setup.database,
      `update journal.events set data = replace(data, ':', ': ') where position = 5`,
    )
    expect(await faultOf(setup)).toBe('checksum 5')
  })

  it('a payload that is not JSON any more', async () => {
    await using setup = await sealedJournal()
    await alter(setup.database, `update journal.events set data = '{' where position = 5`)
    expect(await faultOf(setup)).toBe('checksum 5')
  })

  it.each([
    ['type', `'RUN_FAILED'`],
    ['actor_id', `'somebody else'`],
    ['occurred_at', `occurred_at - interval '1 day'`],
    ['recorded_at', `recorded_at - interval '1 day'`],
    ['tenant', `'other'`],
    ['id', `repeat('0', 26)`],
    ['key', `'k'`],
    ['correlation_id', `'c'`],
  ])('a changed header: %s', async (column, value) => {
    await using setup = await sealedJournal()
    await alter(setup.database, `update journal.events set ${column} = ${value} where position = 590`)
    // As the first event of another tenant it would have to have seq 1.
    expect(await faultOf(setup)).toBe(column === 'tenant' ? 'seq 590' : 'hash 590')
  })

  it('a changed payload with a checksum that fits, and with a hash that fits', async () => {
    await using setup = await sealedJournal()
    const forged = data('forged')
    await alter(
      setup.database,
      `update journal.events set data = ${forged}, checksum = sha256(convert_to(${forged}, 'UTF8')) where position = 5`,
    )
    expect(await faultOf(setup)).toBe('hash 5')
    const [event] = (await readAll(setup.database)).slice(4, 5)
    if (event === undefined) throw new Error('there is an event at position 5')
    await alter(setup.database, `update journal.events set hash = '\\x${hashOf(event)}' where position = 5`)
    // The chain breaks at the next event of its stream; the tree says already here that it is another event.
    expect(await faultOf(setup)).toBe('leaf 5')
  })

  it('a removed event, in the middle of its stream and at its end', async () => {
    for (const position of [7, 600]) {
      await using setup = await sealedJournal()
      await alter(setup.database, `delete from journal.events where position = ${position}`)
      expect(await faultOf(setup)).toBe(position === 600 ? 'cut 600' : 'position 7')
    }
  })

  it('a removed event whose gap was closed', async () => {
    await using setup = await sealedJournal()
    await alter(
      setup.database,
      'delete from journal.events where position = 599',
      'update journal.events set position = 599 where position = 600',
      'update journal.head set position = 599',
    )
    expect(await faultOf(setup)).toBe('stream')
  })

  it('an inserted event', async () => {
    await using setup = await sealedJournal()
    const columns = `tenant, stream, kind, id, type, v, key, data, actor_kind, actor_id, occurred_at, recorded_at,
      correlation_id, causation_id, traceparent, checksum, prev, hash, erasure_id`
    await alter(
      setup.database,
      `insert into journal.events (position, seq, ${columns})
       select 601, seq + 1, ${columns} from journal.events where position = 600`,
    )
    expect(await faultOf(setup)).toBe('prev 601')
    // Placed between two others, which make room for it.
    await alter(
      setup.database,
      'update journal.events set position = position + 10000 where position between 300 and 600',
      'update journal.events set position = 300 where position = 601',
      'update journal.events set position = position - 9999 where position > 10000',
      'update journal.head set position = 601',
    )
    expect(await faultOf(setup)).toBe('seq 300')
  })

  it('an event that was appended past the journal', async () => {
    await using setup = await sealedJournal()
    const [last] = (await readAll(setup.database)).slice(-1)
    if (last === undefined) throw new Error('there is a last event')
    const forged = { ...last, id: '0'.repeat(26), seq: last.seq + 1, prev: last.hash }
    const columns = `tenant, stream, kind, type, v, key, data, actor_kind, actor_id, occurred_at, recorded_at,
      correlation_id, causation_id, traceparent, checksum, erasure_id`
    await alter(
      setup.database,
      `insert into journal.events (position, seq, id, prev, hash, ${columns})
       select 601, ${forged.seq}, '${forged.id}', '\\x${forged.prev}', '\\x${hashOf(forged)}', ${columns}
       from journal.events where position = 600`,
    )
    expect(await faultOf(setup)).toBe('position 601')
    await alter(setup.database, 'update journal.head set position = 601')
    expect(await faultOf(setup)).toBe('stream')
  })

  it('two events of one stream, and of two, that were swapped', async () => {
    for (const [one, other, fault] of [
      [4, 7, 'seq 4'],
      [4, 5, 'leaf 4'],
    ] as const) {
      await using setup = await sealedJournal()
      await alter(
        setup.database,
        `update journal.events set position = 1000000 where position = ${one}`,
        `update journal.events set position = ${one} where position = ${other}`,
        `update journal.events set position = ${other} where position = 1000000`,
      )
      expect(await faultOf(setup)).toBe(fault)
    }
  })

  it('a cut tail, though the head, the streams and the ids were cut with it', async () => {
    await using setup = await sealedJournal()
    const known = await keptOutside(setup)
    const cut = [
      'delete from journal.events where position > 585',
      'delete from journal.event_ids where position > 585',
      'update journal.head set position = 585',
      `update journal.streams s set seq = e.seq, hash = e.hash from journal.events e
       where e.stream = s.stream and e.seq = (select max(seq) from journal.events x where x.stream = s.stream)`,
    ]
    await alter(setup.database, ...cut)
    expect(await faultOf(setup)).toBe('cut 586')
    // Who owns the database can take its checkpoints too, but not the one that is kept elsewhere, nor the receipts.
    await alter(setup.database, 'delete from journal.checkpoints where tree_size > 585')
    await alter(setup.database, 'delete from journal.tree_tiles where index > 0')
    expect(await faultOf(setup)).toBeUndefined()
    expect(await faultOf(setup, { known })).toBe('cut 586')
    expect(await faultOf(setup, { receipts: setup.receipts })).toBe('cut 586')
  })

  it('a stream that was wholly rewritten, by what was sealed', async () => {
    await using setup = await sealedJournal()
    await rewrite(setup, 'run/1', 1)
    expect(await faultOf(setup)).toBe('leaf 2')
  })

  it('a stream that was wholly rewritten, and the tree with it, by an older checkpoint', async () => {
    await using setup = await sealedJournal()
    const known = await keptOutside(setup)
    await rewrite(setup, 'run/1', 1)
    await forgetSeals(setup)
    // With the key (a sealer that was taken over) nothing in the database tells any more.
    await setup.seal()
    expect(await faultOf(setup)).toBeUndefined()
    const { fault } = await setup.verify({ known })
    expect(fault).toEqual({
      code: 'rewritten',
      detail: 'the first 590 events are not those of a checkpoint that was kept elsewhere',
    })
    expect(await faultOf(setup, { receipts: setup.receipts })).toBe('receipt 2')
  })

  it('a tree that was made anew with another key', async () => {
    await using setup = await sealedJournal()
    await rewrite(setup, 'run/1', 1)
    await forgetSeals(setup)
    await setup.seal(generateSignerKey(ORIGIN).key)
    expect(await faultOf(setup)).toBe('signature')
    expect(await faultOf(setup, { keys: [] })).toBeUndefined()
  })

  it.each([
    [
      'a changed root',
      `update journal.checkpoints set root = sha256('x') where tree_size = 300`,
      'signature',
    ],
    [
      'a changed note',
      `update journal.checkpoints set note = replace(note, '300', '299') where tree_size = 300`,
      'signature',
    ],
    [
      'changed leaves',
      `update journal.tree_tiles set leaves = decode(repeat('00', 8192), 'hex') where index = 0`,
      'leaf 1',
    ],
    ['missing leaves', 'delete from journal.tree_tiles where index = 1', 'leaf 257'],
    [
      'a stream whose end was moved',
      `update journal.streams set seq = seq - 1 where stream = 'run/1'`,
      'stream',
    ],
    ['a stream that is not known', `delete from journal.streams where stream = 'run/1'`, 'stream'],
    [
      'a payload that vanished',
      `update journal.events set data = null, erasure_id = 'x' where position = 9`,
      'erasure 9',
    ],
  ])('%s', async (_what, statement, fault) => {
    await using setup = await sealedJournal()
    await alter(setup.database, statement)
    expect(await faultOf(setup)).toBe(fault)
  })
})
