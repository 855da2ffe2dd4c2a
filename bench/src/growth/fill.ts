import { openPool } from '../append/pool.ts'

/** Rows of one statement: large enough to be fast, small enough to show progress and to stop soon. */
const CHUNK = 100_000
/** As agents' runs are: some dozens of events each, of many runs at a time. */
export const EVENTS_PER_RUN = 50
const RUNS_AT_A_TIME = 200
const BLOCK = EVENTS_PER_RUN * RUNS_AT_A_TIME

/**
 * Event `g` (from 0) belongs to a block of runs that were written side by side. The hashes are only as long as real ones:
 * nothing here reads them, and making ten million of them would take longer than the benchmark. The kind is one that no
 * projection follows, so that the projection service has nothing to do.
 */
const fillChunk = `
  with event as (
    select g, $1::bigint + g + 1 as position, (($1 + g) / ${BLOCK}) * ${RUNS_AT_A_TIME} + ($1 + g) % ${RUNS_AT_A_TIME} as run,
      (($1 + g) % ${BLOCK}) / ${RUNS_AT_A_TIME} + 1 as seq, '01K' || lpad(($1 + g)::text, 23, '0') as id,
      sha256(convert_to(($1 + g)::text, 'UTF8')) as hash
    from generate_series(0, $2::bigint - 1) g
  ), ids as (
    insert into journal.event_ids (tenant, id, position) select 'main', id, position from event
  ), streams as (
    insert into journal.streams (tenant, stream, seq, hash, first_position, last_position)
    select 'main', 'run/filled-' || run, max(seq), sha256('end'), min(position), max(position) from event group by run
  )
  insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id, occurred_at,
    recorded_at, checksum, prev, hash)
  select position, 'main', 'run/filled-' || run, 'filled', seq, id, 'EFFECT_REQUESTED', 1,
    '{"effectId":"' || id || '","inputs":{"branch":"main","instructions":"Plan the next release.","repository":"acme/web"},' ||
    '"invocationKey":"demo/release:' || id || ':plan","kind":"agent","label":"planning","stepId":"S000001",' ||
    '"taskDefRef":"tasks/' || id || '/task.json","taskId":"plan"}',
    'agent', 'release-agent', now(), now(), hash, hash, hash
  from event order by position`

/** Fills an empty journal with so many events (a multiple of 10,000), as if they had been appended. */
export async function fillJournal(
  url: string,
  events: number,
  { signal, progress }: { signal: AbortSignal; progress: (line: string) => void },
): Promise<void> {
  await using database = await openPool(url, 1)
  const { pool } = database
  // Nobody copies the filling to JetStream: the lease of the relay is somebody else's for ever.
  await pool.query(`update journal.relay set owner = 'nobody', epoch = epoch + 1, until = 'infinity'`)
  for (let done = 0; done < events; done += CHUNK) {
    signal.throwIfAborted()
    if (done % (10 * CHUNK) === 0) progress(`filling: ${done / 1e6} of ${events / 1e6} million events`)
    const rows = Math.min(CHUNK, events - done)
    await pool.query(fillChunk, [done, rows])
    await pool.query('update journal.head set position = $1', [done + rows])
    await pool.query('select journal.ensure_partitions(1000000)')
  }
  await pool.query('vacuum (analyze)')
}

/** The name of one of the runs that `fillJournal` made, by a number from 0 up to but not including 1. */
export function filledRun(events: number, share: number): string {
  return `filled-${Math.floor(share * (events / EVENTS_PER_RUN))}`
}
