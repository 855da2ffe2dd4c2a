import { openDatabase } from '@daybook/database'
import { eventLeaf, openCheckpoint, verifyInclusion } from '@daybook/events'
import { createLogger } from '@daybook/runtime'
import { itWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { openSealer } from '../src/seal/sealer.ts'
import type { JournalTables } from '../src/store/tables.ts'
import { findLastCheckpoint } from '../src/store/tree.ts'
import { alter } from './forger.ts'
import { journalOf, key, ORIGIN, rootOver, seal } from './sealable-journal.ts'
import { readAll } from './service-fixture.ts'

const silent = createLogger({ service: 'test', level: 'silent' })

describe('sealing', () => {
  it('signs the tree over all events, and goes on where it stopped', async () => {
    await using setup = await journalOf(0)
    const { database, add } = setup
    expect(await seal(database)).toEqual({ checkpoint: undefined, isNew: false, more: false })
    // At, before and behind the edges of tiles.
    for (const count of [1, 254, 1, 1, 300, 211]) {
      await add(count)
      const { checkpoint, isNew } = await seal(database)
      const events = await readAll(database)
      const opened = openCheckpoint(checkpoint?.note ?? '', [key.verifier])
      if ('reason' in opened) throw new Error(opened.reason)
      expect(isNew).toBe(true)
      expect(opened.checkpoint).toMatchObject({ origin: `${ORIGIN}/1`, size: events.length })
      expect(opened.checkpoint.root.toString('hex')).toBe(rootOver(events, events.length))
      expect(await seal(database)).toMatchObject({ isNew: false, more: false })
    }
  })

  it.each([
    {
      what: 'changed a sealed event',
      statement: `update journal.events set hash = sha256('x') where position = 3`,
    },
    { what: 'removed a sealed event', statement: 'delete from journal.events where position = 2' },
    { what: 'cut off sealed events', statement: 'update journal.head set position = 2' },
    {
      what: 'changed the tail of the tree',
      statement: `update journal.checkpoints set leaves = decode(repeat('00', 32 * 5), 'hex')`,
    },
    { what: 'changed a root', statement: `update journal.checkpoints set root = sha256('x')` },
  ])('refuses to sign for who $what', async ({ statement }) => {
    await using setup = await journalOf(5)
    const { database, add } = setup
    await seal(database)
    await alter(database, statement)
    await expect(seal(database)).rejects.toMatchObject({ code: 'verification-failed' })
    if (!statement.includes('journal.head')) await add(1)
    await expect(seal(database)).rejects.toMatchObject({ code: 'verification-failed' })
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from journal.checkpoints`.execute(
      database.kysely,
    )
    expect(rows[0]?.n).toBe(1)
  })

  it('refuses to sign for who changed a tile, of any level', async () => {
    await using setup = await journalOf(300)
    await seal(setup.database)
    await alter(setup.database, `update journal.tree_tiles set root = sha256('x')`)
    await expect(seal(setup.database)).rejects.toMatchObject({ code: 'verification-failed' })
  })

  it('catches up over several checkpoints, and proves across tiles of tiles', async () => {
    await using setup = await journalOf(0)
    const { database, journal } = setup
    const size = 65_536 + 256 + 7
    await alter(
      database,
      `insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id,
         occurred_at, recorded_at, checksum, prev, hash)
       select n, 'main', 'run/a', 'run', n, lpad(n::text, 26, '0'), 'PROCESS_LOG', 1, '{}', 'user', 'me', now(), now(),
         sha256('a'), sha256('b'), sha256(n::text::bytea) from generate_series(1, ${size}) n`,
      `insert into journal.event_ids (tenant, id, position) select tenant, id, position from journal.events`,
      `update journal.head set position = ${size}`,
    )
    let sealed = await seal(database)
    let checkpoints = 1
    for (; sealed.more; checkpoints += 1) sealed = await seal(database)
    expect([checkpoints, sealed.checkpoint?.size]).toEqual([5, size])
    const opened = openCheckpoint(sealed.checkpoint?.note ?? '', [key.verifier])
    if ('reason' in opened) throw new Error(opened.reason)
    for (const position of [1, 256, 257, 40_000, 65_536, 65_537, 65_793, size]) {
      const id = String(position).padStart(26, '0')
      const answer: any = await (await fetch(`${journal.service.http.url}/v1/events/${id}/proof`)).json()
      const { index, hashes } = answer.proof
      const claim = { index, size, leaf: eventLeaf(answer), root: opened.checkpoint.root }
      expect(
        verifyInclusion(
          claim,
          hashes.map((hash: string) => Buffer.from(hash, 'hex')),
        ),
      ).toBe(true)
    }
  })

  itWithServer('is done once by two sealers at the same time', async () => {
    await using setup = await journalOf(600)
    const others = [setup.test.connect(), setup.test.connect(), setup.test.connect()]
    const sealed = await Promise.all(others.map(seal))
    expect(sealed.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(new Set(sealed.map(({ checkpoint }) => checkpoint?.note)).size).toBe(1)
  })

  it('names the era, so that checkpoints of before and after a restore are told apart', async () => {
    await using setup = await journalOf(1)
    await sql`update journal.head set era = 4`.execute(setup.database.kysely)
    expect((await seal(setup.database)).checkpoint?.note).toMatch(/^test\.example\/journal\/4\n1\n/)
  })
})

describe('the sealer', () => {
  it('seals what is there at once, and new events when there are enough of them', async () => {
    await using setup = await journalOf(3)
    const { database, add } = setup
    const sizes: number[] = []
    await using sealer = openSealer({
      database,
      signer: key,
      origin: ORIGIN,
      intervalMs: 3_600_000,
      events: 5,
      logger: silent,
      onSealed: ({ size }) => sizes.push(size),
    })
    await waitFor(() => sizes.length === 1, { what: 'the first checkpoint' })
    await add(4)
    await add(1)
    await waitFor(() => sizes.length === 2, { what: 'the second checkpoint' })
    expect(sizes).toEqual([3, 8])
    expect(sealer.state()).toEqual({ ok: true, detail: 'sealed up to position 8' })
  })

  it('says that it is not ready as long as the journal is not what was sealed', async () => {
    await using setup = await journalOf(3)
    const { database } = setup
    await seal(database)
    await alter(database, `update journal.events set hash = sha256('x') where position = 2`)
    await using sealer = openSealer({
      database,
      signer: key,
      origin: ORIGIN,
      intervalMs: 1,
      events: 1,
      logger: silent,
    })
    await waitFor(() => !sealer.state().ok, { what: 'trouble' })
    expect(sealer.state()).toMatchObject({ ok: false, reason: expect.stringContaining('position 2') })
  })
})

describe('the role of the sealer', () => {
  itWithServer('may read what it seals and add checkpoints, and nothing else', async () => {
    await using setup = await journalOf(300)
    const url = new URL(setup.test.test.url ?? '')
    url.searchParams.set('options', '-c role=daybook_sealer')
    await using sealer = openDatabase<JournalTables>({ url: url.href, applicationName: 'test' })
    await seal(sealer)
    expect((await findLastCheckpoint(sealer.kysely))?.size).toBe(300)
    const refused = [
      'select data from journal.events',
      'select stream from journal.events',
      'select content from journal.blobs',
      'insert into journal.events select * from journal.events',
      `update journal.events set type = 'x'`,
      'update journal.head set position = 0',
      'delete from journal.checkpoints',
      'update journal.checkpoints set era = 2',
      'truncate journal.tree_tiles',
    ]
    for (const statement of refused)
      await expect(sql.raw(statement).execute(sealer.kysely)).rejects.toThrow(/permission denied/)
  })

  it.each(['tree_tiles', 'checkpoints', 'anchorings'])(
    'leaves %s append-only also for their owner',
    async (table) => {
      await using setup = await journalOf(1)
      for (const statement of [`delete from journal.${table}`, `truncate journal.${table} cascade`])
        await expect(sql.raw(statement).execute(setup.database.kysely)).rejects.toThrow(/append-only/)
    },
  )
})
