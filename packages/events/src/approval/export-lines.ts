import type { JsonObject } from '@daybook/errors'
import type { Approval } from './approval.ts'
import {
  APPROVALS_SCHEMA_ID,
  chainOf,
  type ExportRecordLine,
  type ExportTrailer,
  type ExportTrailerLine,
  exportChecksumOf,
  FIRST_CHAIN,
} from './export-format.ts'

export interface ApprovalExport {
  /** What was asked for; it is kept in the trailer, so that nobody takes a part for the whole. */
  readonly filters: JsonObject
  /** ISO 8601, milliseconds, UTC. */
  readonly exportedAt: string
  /** Records at most; when there are more, the trailer says that the export was cut off. */
  readonly recordsMax: number
}

/**
 * The lines of an export, without line feeds, hash-chained: no line can be changed, left out, added or moved without
 * breaking the chain from there on. Holds one record at a time; the trailer comes last, so an export without one is not
 * whole.
 */
export async function* approvalExportLines(
  records: AsyncIterable<Approval> | Iterable<Approval>,
  { filters, exportedAt, recordsMax }: ApprovalExport,
): AsyncGenerator<string, void, undefined> {
  let [count, chain, cutOff] = [0, FIRST_CHAIN, false]
  for await (const record of records) {
    cutOff = count === recordsMax
    if (cutOff) break
    count += 1
    const line = recordLineOf(record, count, chain)
    chain = line.chain
    yield JSON.stringify(line)
  }
  yield JSON.stringify(
    trailerLineOf({ schemaId: APPROVALS_SCHEMA_ID, count, chain, filters, cutOff, exportedAt }),
  )
}

function recordLineOf(approval: Approval, sequence: number, prev: string): ExportRecordLine {
  const record: JsonObject = { ...approval }
  const recordChecksum = exportChecksumOf(record)
  const chain = chainOf({ sequence, prev, recordChecksum })
  return { schemaId: APPROVALS_SCHEMA_ID, sequence, record, recordChecksum, prev, chain }
}

function trailerLineOf(trailer: ExportTrailer): ExportTrailerLine {
  return { trailer, trailerChecksum: exportChecksumOf(trailer) }
}
