import { openPool } from '../append/pool.ts'

/** The run that is read. */
export const LONG_RUN = 'long'

/** Rows of one statement: large enough to be fast, small enough to stop soon. */
const CHUNK = 50_000
/** Every fourth event of the journal is the long run's, as if it went on for days beside all others. */
const SHARE = 4
/** Ten events of it: three effects that overlap, what a model cost, a line of a log, and a question to a person. */
const BLOCK = 10

/** What the event of a seq is, by its place in its block of ten. Every tenth block has an effect that fails. */
const longEvents = `
  select position, 'run/${LONG_RUN}' as stream, seq,
    case when seq = 1 then 'RUN_CREATED' when place in (0, 1, 6, 8) then 'EFFECT_REQUESTED'
      when place = 3 then 'COST_TRACKED' when place = 4 then 'PROCESS_LOG' else 'EFFECT_RESOLVED' end as type,
    case
      when seq = 1 then '{"entrypoint":{"exportName":"process","importPath":"./release.js"},"processId":"demo/release","runId":"${LONG_RUN}"}'
      when place in (0, 1, 8) then
        '{"effectId":"' || effect || '","inputs":{"branch":"main","instructions":"Plan the next release.","repository":"acme/web"},' ||
        '"invocationKey":"demo/release:' || effect || ':plan","kind":"agent","label":"planning","stepId":"S000001",' ||
        '"taskDefRef":"tasks/' || effect || '/task.json","taskId":"plan"}'
      when place = 6 then
        '{"effectId":"' || effect || '","inputs":{"payload":{"question":"Ship it?"}},"invocationKey":"demo/release:' || effect ||
        ':ask","kind":"breakpoint","label":"Approve","stepId":"S000001","taskId":"__sdk.breakpoint"}'
      when place = 3 then
        '{"costUsd":0.0125,"effectId":"' || effect || '","inputTokens":1200,"model":"m-large","outputTokens":300}'
      when place = 4 then '{"message":"one more round, ' || block || '"}'
      when place = 7 then '{"effectId":"' || effect || '","result":{"approved":true,"response":"yes"},"status":"ok"}'
      when place = 9 and block % 10 = 9 then
        '{"effectId":"' || effect || '","error":{"message":"2 problems in web","name":"LintError"},"status":"error"}'
      else '{"effectId":"' || effect || '","result":{"files":["src/a.ts","src/b.ts"],"summary":"Two files were changed."},"status":"ok"}'
    end as data
  from (
    select *, 'e' || block || case when place in (0, 2, 3) then 'a' when place in (1, 5) then 'b'
      when place in (6, 7) then 'q' else 'c' end as effect
    from (
      select n + 1 as position, (n / ${SHARE} + 1)::integer as seq, (n / ${SHARE} - 1) / ${BLOCK} as block,
        (n / ${SHARE} - 1) % ${BLOCK} as place
      from numbered where n % ${SHARE} = ${SHARE - 1}
    ) numbers
  ) named`

const EVENTS_PER_OTHER = 50

/** Other runs, of fifty events each, to fill the journal around it. */
const otherEvents = `
  select position, 'run/o' || run as stream, seq, case when seq = 1 then 'RUN_CREATED' else 'PROCESS_LOG' end as type,
    case when seq = 1 then '{"entrypoint":{"exportName":"process","importPath":"./other.js"},"processId":"demo/other","runId":"o' || run || '"}'
      else '{"message":"another step of another run, which nobody looks at here, number ' || seq || '"}' end as data
  from (
    select n + 1 as position, (n - n / ${SHARE}) / ${EVENTS_PER_OTHER} as run,
      ((n - n / ${SHARE}) % ${EVENTS_PER_OTHER} + 1)::integer as seq
    from numbered where n % ${SHARE} <> ${SHARE - 1}
  ) numbers`

/** Hashes are only as long as real ones: nothing here reads them. One event is recorded each 50 ms. */
const fillChunk = `
  with numbered as (select $1::bigint + g as n from generate_series(0, $2::bigint - 1) g),
  event as (${longEvents} union all ${otherEvents}),
  streams as (
    insert into journal.streams (tenant, stream, seq, hash, first_position, last_position)
    select 'main', stream, max(seq), sha256('end'), min(position), max(position) from event group by stream
    on conflict (tenant, stream) do update set seq = excluded.seq, last_position = excluded.last_position
  )
  insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id, occurred_at,
    recorded_at, checksum, prev, hash)
  select position, 'main', stream, 'run', seq, '01K' || lpad(position::text, 23, '0'), type, 1, data, 'agent',
    'release-agent', at, at, hash, hash, hash
  from (
    select *, timestamptz '2026-11-21T08:00:00Z' + position * interval '50 ms' as at,
      sha256(convert_to(position::text, 'UTF8')) as hash
    from event
  ) timed
  order by position`

/**
 * Fills an empty journal with the long run of so many events (a multiple of 12,500), and three times as many of other
 * runs between them, as if they had been appended.
 */
export async function fillLongRun(url: string, events: number, signal: AbortSignal): Promise<void> {
  await using database = await openPool(url, 1)
  const { pool } = database
  // Nobody copies the filling to JetStream: the lease of the relay is somebody else's for ever.
  await pool.query(`update journal.relay set owner = 'nobody', epoch = epoch + 1, until = 'infinity'`)
  for (let done = 0; done < events * SHARE; done += CHUNK) {
    signal.throwIfAborted()
    await pool.query(fillChunk, [done, CHUNK])
    await pool.query('update journal.head set position = $1', [done + CHUNK])
    await pool.query('select journal.ensure_partitions(1000000)')
  }
  await pool.query('vacuum (analyze)')
}
