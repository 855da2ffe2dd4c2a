import { createHash } from 'node:crypto'
import { createUlids, type JournalEvent, subjects } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'

/** Why an event was left out. */
interface LeftOut {
  event: JournalEvent
  code: string
  detail: string
}

/** The dead letters of one projection, in `journal.dead_letters`, where a person finds those of all consumers. */
export interface DeadLetters {
  /** Keeps the event as a dead letter, or counts it; open in any case. Answers the id. */
  keep(executor: QueryExecutorProvider, leftOut: LeftOut): Promise<string>
  /** What had been left out is in the read model. `ids` is a statement that answers a column `id`. */
  resolve(
    executor: QueryExecutorProvider,
    settled: { ids: RawBuilder<unknown>; because: string },
  ): Promise<void>
}

export function deadLetters(source: string): DeadLetters {
  const nextId = createUlids()
  return {
    async keep(executor, { event, code, detail }) {
      const { tenant, stream, seq, position, id } = event
      const letter = {
        id: nextId(),
        tenant,
        source,
        subject: subjects.event(event),
        // One for each stream, however often, at whichever event and in whichever generation of the read model it fails.
        fingerprint: `\\x${createHash('sha256').update(stream).digest('hex')}`,
        headers: { 'Daybook-Event-Id': id },
        // The content is in the journal, and is shown from there.
        body: '\\x',
        code,
        detail,
        stream,
        seq,
        position,
      }
      const { rows } = await sql<{ id: string }>`
        select journal.keep_dead_letter(
          jsonb_populate_record(null::journal.dead_letters, ${JSON.stringify(letter)}::jsonb)) as id`.execute(
        executor,
      )
      const [row] = rows
      if (row === undefined) throw new Error('journal.keep_dead_letter answered nothing')
      return row.id
    },

    async resolve(executor, { ids, because }) {
      await sql`
        with settled as (${ids}),
        resolved as (
          update journal.dead_letters letter set status = 'requeued', resolved_at = now()
          from settled where letter.id = settled.id returning letter.id, letter.tenant
        )
        insert into journal.dead_letter_decisions (dead_letter_id, tenant, action, actor_kind, actor_id, reason)
        select id, tenant, 'resolved', 'service', ${source}, ${because} from resolved`.execute(executor)
    },
  }
}
