import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MigrationSource } from '@daybook/database'
import type { JournalEvent } from '@daybook/events'
import { createTempFolder } from '@daybook/testing'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { ProjectionSpec } from '../src/projection-spec.ts'
import { generationMigrations } from '../src/shared-migrations.ts'

/** What a service of its own has to say about its tables, if the rest is shared. */
function ownMigration(service: string): string {
  return `
    select ${service}.create_layout('diary');
    create table ${service}_diary_layout.diary (
      tenant text not null, position bigint not null, note text not null default '', primary key (tenant, position));
    create index diary_note_idx on ${service}_diary_layout.diary (note);
    select ${service}.show_to_service('diary', 'diary', 'select, insert, update, delete, truncate');
    select ${service}.begin_projection('diary', 1);`
}

/** The migrations of a service whose only table is a diary of positions. The folder goes with the stack. */
export async function toyMigrations(
  stack: AsyncDisposableStack,
  service: string,
  more: Readonly<Record<string, string>> = {},
): Promise<MigrationSource> {
  const { path: directory } = stack.use(await createTempFolder())
  const files = { '0001_create_diary.sql': ownMigration(service), ...more }
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  return { service, directory, shared: generationMigrations(service) }
}

/** The projection of such a service. An event of type `POISON` cannot be applied. */
export function diaryOfService(service: string) {
  return {
    schema: service,
    name: 'diary',
    version: 1,
    kinds: ['run'],
    generations: {},
    async apply(trx: QueryExecutorProvider, events: readonly JournalEvent[]) {
      if (events.some(({ type }) => type === 'POISON')) throw new TypeError('the event is poison')
      for (const { tenant, position } of events)
        await sql`insert into diary (tenant, position) values (${tenant}, ${position})`.execute(trx)
    },
    reset: async (trx: QueryExecutorProvider) => void (await sql`truncate diary`.execute(trx)),
  } satisfies Partial<ProjectionSpec<unknown>>
}

/** Read for one tenant, wherever the tables are. */
export async function readDiaryOfTenant(trx: QueryExecutorProvider): Promise<number[]> {
  const { rows } = await sql<{ position: number }>`select position from diary order by position`.execute(trx)
  return rows.map(({ position }) => position)
}
