import fs from 'node:fs'
import { it } from 'vitest'
import { startProjection } from '@daybook/eventing'
import { createLogger } from '@daybook/runtime'
import { whenRunsChanged } from '../src/handlers.ts'
import { createMigratedJournal } from './service-fixture.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
const PGPARENT = Number(fs.readFileSync('/tmp/w/projpg/data/postmaster.pid', 'utf8').split('\n')[0])
const pgCpu = () => { let t = 0; for (const p of fs.readdirSync('/proc').filter((x) => /^\d+$/.test(x))) { try { const st = fs.readFileSync('/proc/' + p + '/stat', 'utf8'); const f = st.slice(st.lastIndexOf(')') + 2).split(' '); if (Number(f[1]) === PGPARENT) t += (Number(f[11]) + Number(f[12])) * 10 } catch {} } return t }
it('rate', async () => {
  await using journal = await createMigratedJournal()
  const N = 4000, E = 12
  const all = []
  for (let r = 0; r < N; r += 50) {
    const es = []
    for (let k = 0; k < 50; k++) es.push(created(`run-${r + k}`, { inputs: { text: 'x'.repeat(100) } }))
    for (let e = 0; e < E; e++) {
      for (let k = 0; k < 50; k++) es.push(requested(`run-${r + k}`, `e${e}`, { inputs: { text: 'x'.repeat(200) } }))
      for (let k = 0; k < 50; k++) es.push(resolved(`run-${r + k}`, `e${e}`, { text: 'y'.repeat(200) }))
    }
    for (let k = 0; k < 50; k++) es.push(completed(`run-${r + k}`, { ok: true }))
    all.push(...es)
  }
  for (let i = 0; i < all.length; i += 5000) await journal.append(...all.slice(i, i + 5000))
  for (const batchMax of [1000, 2000]) {
    const c0 = process.cpuUsage(), g0 = pgCpu(), t = performance.now(); let g1 = 0
    {
    await using p = startProjection({ schema: 'projection', name: `runs${batchMax}`, version: 1, kinds: ['run'], database: journal.openAnother(),
      apply: whenRunsChanged, reset: async () => {}, logger: createLogger({ service: 't', level: 'warn' }), batchMax })
    await p.waitFor(all.length, 100_000); g1 = pgCpu()
    }
    const ms = performance.now() - t, cu = process.cpuUsage(c0)
    console.log(`RATE ${batchMax} ${all.length} events ${Math.round(ms)} ms ${Math.round(all.length / ms * 1000)} /s; cpu us/event node ${((cu.user + cu.system) / all.length).toFixed(1)} pg ${((g1 - g0) * 1000 / all.length).toFixed(1)}`)
  }
}, 300_000)
