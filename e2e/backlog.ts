import { createHash } from 'node:crypto'
import { runSql } from '@daybook/testing'

/** A run, eight lines of its log, and its end. */
export const EVENTS_PER_RUN = 10
/** Rows in one statement. */
const CHUNK = 100_000

/**
 * Puts so many events into an empty journal at once, as fast as Postgres takes them. They are as the journal writes them
 * except for their hashes, which no consumer looks at.
 */
export async function fillJournal(databaseUrl: string, events: number): Promise<void> {
  const hash = `decode('${createHash('sha256').digest('hex')}', 'hex')`
  for (let first = 1; first <= events; first += CHUNK) {
    await runSql(
      databaseUrl,
      `insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id,
        occurred_at, recorded_at, checksum, prev, hash)
      select n, 'main', 'run/backlog-' || run, 'run', step + 1, lpad(n::text, 26, '0'),
        case step when 0 then 'RUN_CREATED' when ${EVENTS_PER_RUN - 1} then 'RUN_COMPLETED' else 'PROCESS_LOG' end, 1,
        case step
          when 0 then '{"entrypoint":{"exportName":"default","importPath":"demo.js"},"processId":"demo","runId":"backlog-' || run || '"}'
          when ${EVENTS_PER_RUN - 1} then '{"output":{}}'
          else '{"message":"' || repeat('line of a log ', 20) || n || '"}'
        end,
        'service', 'e2e', now(), now(), ${hash}, ${hash}, ${hash}
      from generate_series(${first}, ${Math.min(first + CHUNK - 1, events)}) as n,
        lateral (select (n - 1) / ${EVENTS_PER_RUN} as run, (n - 1) % ${EVENTS_PER_RUN} as step) as part`,
    )
  }
  await runSql(databaseUrl, `update journal.head set position = ${events}`)
  await runSql(databaseUrl, 'analyze journal.events')
}
