import { actorWords } from './actor-subject.ts'
import type { Actor, JournalEvent } from './envelope.ts'
import { parseStream } from './stream.ts'

/**
 * The subjects of the bus. `*` in place of a tenant makes the subject that a service listens on for all tenants.
 * An id is one token, so what would split or widen it (`.`, `*`, `>`, blanks) is written as `%2E` and so on.
 */
export const subjects = {
  /** Commands to a service; request and reply. */
  rpc: (tenant: string, service: string, command: string): string =>
    `daybook.rpc.${tenant}.${service}.${command}`,

  /** Appends that do not wait for the commit. */
  appendQueue: (tenant: string): string => `daybook.queue.${tenant}.append`,

  /** Appends in the name of one actor, as the holder of a token makes them; request and reply. */
  appendBy: (tenant: string, actor: Actor): string =>
    `daybook.rpc.${tenant}.journal.append.${actorWords(actor)}`,

  /** The same, without waiting for the commit. */
  appendQueueBy: (tenant: string, actor: Actor): string =>
    `daybook.queue.${tenant}.append.${actorWords(actor)}`,

  /** Below it are the receipts for what an actor queued, under words of its choice. */
  receiptsOf: (tenant: string, actor: Actor): string => `daybook.receipt.${tenant}.${actorWords(actor)}`,

  /** Where the journal listens for `appendBy` of everybody. */
  appendByAnybody: 'daybook.rpc.*.journal.append.*.*',

  /** Commands to a service in the name of one actor, as the holder of a token gives them; request and reply. */
  commandBy: (tenant: string, service: string, command: string, actor: Actor): string =>
    `daybook.rpc.${tenant}.${service}.${command}.${actorWords(actor)}`,

  /** Where a service listens for `commandBy` of everybody. */
  commandByAnybody: (service: string): string => `daybook.rpc.*.${service}.*.*.*`,

  /** Where work is offered to whoever does it, of one source and account: what came in, or what is to go out. */
  deliver: (tenant: string, service: 'inbound' | 'outbound', source: string, account: string): string =>
    `daybook.deliver.${tenant}.${service}.${token(source)}.${token(account)}`,

  /** Where the runs of a job are offered to whoever does them. */
  deliverCron: (tenant: string, job: string): string => `daybook.deliver.${tenant}.cron.${token(job)}`,

  /** Where jobs publish: a tenant's own messages, of whose subjects Daybook knows nothing. `subject` may have several words. */
  app: (tenant: string, subject: string): string => `daybook.app.${tenant}.${subject}`,

  /** Where a committed event is published. Code: invalid-stream. */
  event: (event: Pick<JournalEvent, 'tenant' | 'stream' | 'type'>): string => {
    const { kind, id } = parseStream(event.stream)
    return `daybook.events.${event.tenant}.${kind}.${token(id)}.${event.type}`
  },

  /** The journal tells its head position here after each commit; a hint, never a promise. */
  head: 'daybook.signal.head',

  /** The journal tells here that event types were added; a hint, never a promise. */
  schemas: 'daybook.signal.schemas',
} as const

function token(id: string): string {
  return id.replaceAll(
    /[.*>%\s]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
