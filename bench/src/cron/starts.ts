import { openPool } from '../append/pool.ts'
import { keyOfStart } from './jobs.ts'

/** A start as the journal has it; milliseconds of the epoch. */
export interface Start {
  key: string
  slotMs: number
  /** By the clock by which the service decides. */
  decidedMs: number
  /** By the journal's clock, just before the event is written. */
  recordedMs: number
  /** When its transaction was committed; null where the server does not keep that (`track_commit_timestamp`). */
  committedMs: number | null
}

/** Instants of the event's own data are written as text; the others are the database's. */
const STARTS = `
  select substr(stream, 6) as job, data::json->>'run' as run, data::json->>'slot' as slot, data::json->>'at' as decided,
    extract(epoch from recorded_at)::float8 * 1000 as recorded,
    case when current_setting('track_commit_timestamp')::boolean
      then extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 end as committed
  from journal.events where kind = 'cron' and type = 'CRON_RUN_STARTED' and stream like $1
  order by position`

/** What else is on record of these jobs than that they were defined, and their runs started and done. */
const OTHERS = `
  select type, count(*)::int as count from journal.events
  where kind = 'cron' and stream like $1
    and type not in ('CRON_JOB_DEFINED', 'CRON_RUN_STARTED', 'CRON_RUN_CLAIMED', 'CRON_RUN_FINISHED')
  group by type order by type`

interface StartRow {
  job: string
  run: string
  slot: string
  decided: string
  recorded: number
  committed: number | null
}

/** All starts of the jobs whose names begin with `prefix`, in the order of their positions. */
export async function readStarts(databaseUrl: string, prefix: string): Promise<Start[]> {
  await using database = await openPool(databaseUrl, 1)
  const { rows } = await database.pool.query<StartRow>(STARTS, [`cron/${prefix}-%`])
  return rows.map(({ job, run, slot, decided, recorded, committed }) => ({
    key: keyOfStart(job, run),
    slotMs: Date.parse(slot),
    decidedMs: Date.parse(decided),
    recordedMs: recorded,
    committedMs: committed,
  }))
}

/** Of which types of events there are how many besides; none when all went as it should. */
export async function readOtherEvents(databaseUrl: string, prefix: string): Promise<OtherEvents[]> {
  await using database = await openPool(databaseUrl, 1)
  const { rows } = await database.pool.query<OtherEvents>(OTHERS, [`cron/${prefix}-%`])
  return rows
}

export interface OtherEvents {
  type: string
  count: number
}
