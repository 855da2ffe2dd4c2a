import { journalReader } from '@daybook/eventing'
import { sql } from 'kysely'
import { it } from 'vitest'
import { whenRunsChanged } from '../src/handlers.ts'
import { effectKeyOf, evolveStates, nameOf, runKeyOf } from '../src/run-states.ts'
import { loadEffects, saveEffects } from '../src/store/effects.ts'
import { loadRuns, saveRuns } from '../src/store/runs.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
import { createMigratedJournal } from './service-fixture.ts'

it('rate', async () => {
  await using journal = await createMigratedJournal()
  const N = 2000,
    E = 12
  const all = []
  for (let r = 0; r < N; r += 50) {
    const es = []
    for (let k = 0; k < 50; k++) es.push(created(`run-${r + k}`, { inputs: { text: 'x'.repeat(100) } }))
    for (let e = 0; e < E; e++) {
      for (let k = 0; k < 50; k++)
        es.push(requested(`run-${r + k}`, `e${e}`, { inputs: { text: 'x'.repeat(200) } }))
      for (let k = 0; k < 50; k++) es.push(resolved(`run-${r + k}`, `e${e}`, { text: 'y'.repeat(200) }))
    }
    for (let k = 0; k < 50; k++) es.push(completed(`run-${r + k}`, { ok: true }))
    all.push(...es)
  }
  for (let i = 0; i < all.length; i += 5000) await journal.append(...all.slice(i, i + 5000))
  await sql`analyze journal.events`.execute(journal.database.kysely)
  const k = journal.database.kysely
  const reader = journalReader(k)
  const time = async (name: string, f: () => Promise<unknown>) => {
    const t = performance.now()
    await f()
    console.log(name, Math.round(performance.now() - t), 'ms')
  }
  for (let i = 0; i < 2; i++) {
    await time('readPage', async () => {
      let after = 0
      for (;;) {
        const { events, more } = await reader.readPage({ after, kinds: ['run'], limit: 1000, bytesMax: 8e6 })
        after = events.at(-1)!.position
        if (!more) break
      }
    })
    await time('plain rows', async () => {
      let after = 0
      for (;;) {
        const { rows } =
          await sql<any>`select * from journal.events where kind = 'run' and position > ${after} order by position limit 1000`.execute(
            k,
          )
        if (rows.length === 0) break
        after = rows.at(-1)!.position
      }
    })
    await time('hex text rows', async () => {
      let after = 0
      for (;;) {
        const { rows } =
          await sql<any>`select position, tenant, stream, seq, id, type, v, key, data, actor_kind, actor_id, occurred_at::text, recorded_at::text, encode(checksum,'hex') c, encode(prev,'hex') p, encode(hash, 'hex') h from journal.events where kind = 'run' and position > ${after} order by position limit 1000`.execute(
            k,
          )
        if (rows.length === 0) break
        after = rows.at(-1)!.position
      }
    })
  }
  const explain = await sql<any>`explain (analyze, buffers) select * from (
      select *, count(*) over () as candidates, row_number() over entries as nth,
        sum(octet_length(data) + 1024) over entries as bytes
      from (select event.* from unnest(array['run']) as wanted (kind)
    cross join lateral (
      select * from journal.events event where event.kind = wanted.kind and position > 1000 order by position asc limit 1001) event order by position limit 1001) candidate
      window entries as (order by position asc rows unbounded preceding)
    ) measured
    where nth <= 1000 and (nth = 1 or bytes <= 8000000)
    order by nth`.execute(k)
  console.log(explain.rows.map((r) => r['QUERY PLAN']).join('\n'))
  const spent: Record<string, number> = {}
  const lap = async <T>(name: string, f: () => Promise<T> | T) => {
    const t = performance.now()
    const r = await f()
    spent[name] = (spent[name] ?? 0) + performance.now() - t
    return r
  }
  for (let after = 0; ; ) {
    const { events, more } = await reader.readPage({ after, kinds: ['run'], limit: 1000 })
    after = events.at(-1)!.position
    await journal.database.transaction(async (trx) => {
      const { rk, ek } = await lap('keys', () => {
        const rk = [...new Map(events.map((e) => [nameOf(runKeyOf(e)), runKeyOf(e)])).values()]
        const ek = [
          ...new Map(
            events.flatMap((e) => {
              const x = effectKeyOf(e)
              return x ? [[nameOf(x), x] as const] : []
            }),
          ).values(),
        ]
        return { rk, ek }
      })
      const runs = await lap('loadRuns', () => loadRuns(trx, rk))
      const effects = await lap('loadEffects', () => loadEffects(trx, ek))
      const changed = await lap('evolve', () => evolveStates({ runs, effects }, events))
      await lap('saveRuns', () => saveRuns(trx, [...changed.runs.values()]))
      await lap('saveEffects', () => saveEffects(trx, [...changed.effects.values()]))
    })
    if (!more) break
  }
  console.log(all.length, spent)
}, 300_000)
