import type { StreamChains, VerificationFault } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'

interface StreamRow {
  tenant: string
  stream: string
  seq: number
  hash: string
}

/** Streams in one statement. */
const PAGE = 10_000

/** Whether the journal knows the ends of the streams as their events have them: it appends to what it knows. */
export async function findStreamFault(
  executor: QueryExecutorProvider,
  chains: StreamChains,
): Promise<VerificationFault | undefined> {
  let streams = 0
  let last = { tenant: '', stream: '' }
  for (;;) {
    const { rows } = await sql<StreamRow>`
      select tenant, stream, seq, encode(hash, 'hex') as hash from journal.streams
      where (tenant, stream) > (${last.tenant}, ${last.stream}) and seq > 0
      order by tenant, stream limit ${PAGE}`.execute(executor)
    const wrong = rows.find((row) => !isItsEnd(row, chains))
    if (wrong !== undefined) {
      const { stream, seq } = wrong
      return { code: 'stream', detail: `the journal has it end at seq ${seq}, and its events do not`, stream }
    }
    streams += rows.length
    const end = rows.at(-1)
    if (end === undefined || rows.length < PAGE) break
    last = end
  }
  if (streams === chains.size) return undefined
  return {
    code: 'stream',
    detail: `there are events of ${chains.size} streams, and the journal knows of ${streams}`,
  }
}

function isItsEnd({ tenant, stream, seq, hash }: StreamRow, chains: StreamChains): boolean {
  const end = chains.endOf(tenant, stream)
  return end?.seq === seq && end.hash === hash
}
