import { runSql } from '@daybook/testing'

/** What the appender of the cron services leaves out of their requests; see `turned-cron.ts`. */
export type Mutant = 'keys' | 'expectations' | 'both'

/** A clock in the database, by which the cron services of a story go (`turned-cron.ts`). All of them see each turn at once. */
export class TurnedClock {
  readonly #databaseUrl: string

  private constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl
  }

  /** Makes it, showing the time. */
  static async create(databaseUrl: string): Promise<TurnedClock> {
    await runSql(
      databaseUrl,
      `create schema story
       create table clock (ahead interval not null default '0', frozen_at timestamptz, mutant text);
       insert into story.clock default values`,
    )
    return new TurnedClock(databaseUrl)
  }

  /** Ahead by so much more, or back. */
  async turn(byMs: number): Promise<void> {
    await runSql(this.#databaseUrl, `update story.clock set ahead = ahead + interval '${byMs} milliseconds'`)
  }

  /** From here on it moves only when it is turned, so that whoever looks at it sees the same. */
  async freeze(): Promise<void> {
    await runSql(
      this.#databaseUrl,
      'update story.clock set frozen_at = coalesce(frozen_at, clock_timestamp())',
    )
  }

  /** From here on the services are that mutant; undefined: none. */
  async mutate(mutant: Mutant | undefined): Promise<void> {
    const said = mutant === undefined ? 'null' : `'${mutant}'`
    await runSql(this.#databaseUrl, `update story.clock set mutant = ${said}`)
  }

  /** ISO 8601, UTC, milliseconds. */
  async now(): Promise<string> {
    const [row] = await runSql(
      this.#databaseUrl,
      'select coalesce(frozen_at, clock_timestamp()) + ahead as now from story.clock',
    )
    if (!(row?.['now'] instanceof Date)) throw new Error('there is no clock')
    return row['now'].toISOString()
  }
}
