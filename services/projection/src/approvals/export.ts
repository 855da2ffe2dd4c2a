import type { Projection } from '@daybook/eventing'
import { type Approval, approvalExportLines, type JsonObject } from '@daybook/events'
import { toApproval } from './read.ts'
import { type ApprovalsFilter, type ApprovalsQuery, cursorAt, listApprovals } from './store.ts'

export interface ExportQuery {
  tenant: string
  filter: ApprovalsFilter
  recordsMax: number
}

/** What is held in memory for one reader: some hundred kilobytes. */
const PAGE_APPROVALS = 500

/**
 * The export as text, line by line, at its reader's pace. It is read page by page, so a slow reader holds no transaction
 * open; an approval that is decided meanwhile comes as it was when its page was read.
 */
export async function* exportText<DB>(
  projection: Projection<DB>,
  { tenant, filter, recordsMax }: ExportQuery,
): AsyncGenerator<string> {
  const filters: JsonObject = { ...filter }
  const exportedAt = new Date().toISOString()
  const records = everyApproval(projection, tenant, filter)
  for await (const line of approvalExportLines(records, { filters, exportedAt, recordsMax }))
    yield `${line}\n`
}

async function* everyApproval<DB>(
  projection: Projection<DB>,
  tenant: string,
  filter: ApprovalsFilter,
): AsyncGenerator<Approval> {
  let query: ApprovalsQuery = { tenant, ...filter, limit: PAGE_APPROVALS }
  for (let more = true; more; ) {
    const page = (await projection.read(tenant, (trx) => listApprovals(trx, query))).value
    yield* page.rows.map(toApproval)
    const last = page.rows.at(-1)
    more = page.more && last !== undefined
    if (last !== undefined) query = { ...query, after: cursorAt(last) }
  }
}
