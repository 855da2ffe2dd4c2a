import { openPool } from '../append/pool.ts'

/** Rows of one statement: large enough to be fast, small enough to stop soon. */
const CHUNK = 100_000
/** A run is created, asks for 24 effects, which are resolved one after the other, and completes. */
export const EVENTS_PER_RUN = 50
export const EFFECTS_PER_RUN = 24
/** So many are under way at a time, their events in turns, as with a team of agents. */
const RUNS_AT_A_TIME = 50
const BLOCK = EVENTS_PER_RUN * RUNS_AT_A_TIME

/** Payloads of real tools' sizes. Hashes are only as long as real ones: no projection reads them. */
const fillChunk = `
  with numbered as (
    select $1::bigint + g as n, (($1 + g) / ${BLOCK}) * ${RUNS_AT_A_TIME} + ($1 + g) % ${RUNS_AT_A_TIME} as run,
      ((($1 + g) % ${BLOCK}) / ${RUNS_AT_A_TIME} + 1)::integer as seq
    from generate_series(0, $2::bigint - 1) g
  ), event as (
    select n + 1 as position, 'run/r' || run as stream, seq, '01K' || lpad(n::text, 23, '0') as id,
      'e' || seq / 2 || '-' || run as effect, 'r' || run as run, sha256(convert_to(n::text, 'UTF8')) as hash,
      case when seq = 1 then 'RUN_CREATED' when seq = ${EVENTS_PER_RUN} then 'RUN_COMPLETED'
        when seq % 2 = 0 then 'EFFECT_REQUESTED' else 'EFFECT_RESOLVED' end as type
    from numbered
  ), streams as (
    insert into journal.streams (tenant, stream, seq, hash, first_position, last_position)
    select 'main', stream, max(seq), sha256('end'), min(position), max(position) from event group by stream
  )
  insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id, occurred_at,
    recorded_at, checksum, prev, hash)
  select position, 'main', stream, 'run', seq, id, type, 1,
    case type
      when 'RUN_CREATED' then '{"entrypoint":{"exportName":"process","importPath":"./release.js"},"processId":"demo/release","runId":"' || run || '"}'
      when 'RUN_COMPLETED' then '{"output":{"ok":true}}'
      when 'EFFECT_REQUESTED' then
        '{"effectId":"' || effect || '","inputs":{"branch":"main","instructions":"Plan the next release.","repository":"acme/web"},' ||
        '"invocationKey":"demo/release:' || effect || ':plan","kind":"agent","label":"planning","stepId":"S000001",' ||
        '"taskDefRef":"tasks/' || effect || '/task.json","taskId":"plan"}'
      else '{"effectId":"' || effect || '","result":{"files":["src/a.ts","src/b.ts"],"summary":"Two files were changed."},"status":"ok"}'
    end,
    'agent', 'release-agent', now(), now(), hash, hash, hash
  from event order by position`

/** Fills an empty journal with so many events (a multiple of 2,500), as if they had been appended. */
export async function fillRuns(url: string, events: number, signal: AbortSignal): Promise<void> {
  await using database = await openPool(url, 1)
  const { pool } = database
  // Nobody copies the filling to JetStream: the lease of the relay is somebody else's for ever.
  await pool.query(`update journal.relay set owner = 'nobody', epoch = epoch + 1, until = 'infinity'`)
  for (let done = 0; done < events; done += CHUNK) {
    signal.throwIfAborted()
    const rows = Math.min(CHUNK, events - done)
    await pool.query(fillChunk, [done, rows])
    await pool.query('update journal.head set position = $1', [done + rows])
    await pool.query('select journal.ensure_partitions(1000000)')
  }
  await pool.query('vacuum (analyze)')
}
