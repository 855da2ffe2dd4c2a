import type { Database } from '@daybook/database'
import type { Projection } from '@daybook/eventing'
import type { CronRun } from '@daybook/events'
import { sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'
import { catchUp } from '../store/catch-up.ts'

export interface FindRunsParts<DB> {
  readonly database: Database<DB>
  readonly projection: Projection<DB>
}

/** Looks up what became of runs, which jobs let go once they have ended. */
export interface FindRuns {
  /** Of these those that there are. */
  all(job: JobKey, names: readonly string[]): Promise<readonly CronRun[]>
  one(job: JobKey, name: string): Promise<CronRun | undefined>
}

/** By the read model, once it has what was journaled before the call, or when that takes too long. */
export function findRuns<DB>({ database, projection }: FindRunsParts<DB>): FindRuns {
  const all: FindRuns['all'] = async ({ tenant, job }, names) => {
    await catchUp({ database, projection })
    const { value } = await projection.read(tenant, (trx) =>
      sql<{ document: CronRun }>`
        select document from runs
        where tenant = ${tenant} and job = ${job} and run = any(${names}::text[])`.execute(trx),
    )
    return value.rows.map(({ document }) => document)
  }
  return { all, one: async (job, name) => (await all(job, [name]))[0] }
}
