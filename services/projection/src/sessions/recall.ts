import {
  type CommandRequest,
  journalReader,
  leaveArchived,
  type Projection,
  type StateAt,
} from '@daybook/eventing'
import { parseStream, type SessionCommand, type SessionToDecide } from '@daybook/events'
import { loadLinks, loadSessions } from './store.ts'

/**
 * The session as the read model has it, where its last event is that of the journal: one that was made before the journal
 * was restored is of another journal.
 */
export async function recallSession<DB>(
  projection: Projection<DB>,
  { caller: { tenant }, stream, command }: CommandRequest<SessionCommand>,
): Promise<StateAt<SessionToDecide> | undefined> {
  const key = { tenant, sessionId: parseStream(stream).id }
  const { value } = await projection.read(tenant, async (trx) => {
    const [stored] = (await loadSessions(trx, [key])).values()
    if (stored === undefined) return undefined
    const { session } = stored
    const after = session.lastSeq - 1
    const [last] = await journalReader(trx, leaveArchived).page({ tenant, stream, after, limit: 1 })
    if (last?.id !== session.lastEventId) return undefined
    const named = command.name === 'link' ? [{ ...key, runId: command.data.runId }] : []
    const links = [...(await loadLinks(trx, named)).values()]
    const state = { session, links: new Map(links.map(({ runId, link }) => [runId, link])) }
    return { state, seq: session.lastSeq }
  })
  return value
}
