import type { Database } from '@daybook/database'
import { type JournalRow, journalReader, toJournalEvent } from '@daybook/eventing'
import {
  eventLeaf,
  faultAt,
  type JournalEvent,
  type Receipt,
  StreamChains,
  type VerificationFault,
} from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import type { JournalTables } from '../store/tables.ts'
import { findLastCheckpoint, type SealedCheckpoint } from '../store/tree.ts'
import { CheckpointCheck, type CheckpointCheckOptions } from './checkpoints.ts'
import { PAGE_POSITIONS, type Page, readPage } from './pages.ts'
import { findStreamFault } from './streams.ts'

export interface VerifyJournalOptions extends CheckpointCheckOptions {
  /** What producers were answered: each event of a receipt has to be there. */
  readonly receipts?: readonly Receipt[]
  /** Told from time to time up to where everything holds. */
  readonly onProgress?: (done: { position: number; head: number }) => void
}

/** What a journal holds, and the first thing that is wrong with it. */
export interface JournalReport {
  /** Events that were checked. */
  readonly events: number
  readonly streams: number
  readonly erased: number
  readonly archived: number
  /** Checkpoints that were checked, and up to which position the newest one goes. */
  readonly checkpoints: number
  readonly sealed: number
  /** Verifier keys that have signed them. */
  readonly signers: readonly string[]
  readonly fault?: VerificationFault
}

/**
 * Verifies a whole journal in its database, by its tables alone: positions without gaps, the chain of each stream, the
 * leaves that were sealed, the root of each checkpoint and its signature, and the ends of the streams. One snapshot, read
 * once from beginning to end; some hundred bytes of memory for each stream. Stops at the first fault.
 */
export async function verifyJournal(
  database: Database<JournalTables>,
  options: VerifyJournalOptions,
): Promise<JournalReport> {
  return database.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const reading = new JournalReading(options, await findLastCheckpoint(trx))
      const fault = await reading.run(trx)
      return reading.report(fault)
    })
}

class JournalReading {
  readonly #options: VerifyJournalOptions
  readonly #last: SealedCheckpoint | undefined
  readonly #chains: StreamChains
  readonly #checkpoints: CheckpointCheck
  #position = 0

  constructor(options: VerifyJournalOptions, last: SealedCheckpoint | undefined) {
    this.#options = options
    this.#last = last
    this.#chains = new StreamChains(options.receipts)
    this.#checkpoints = new CheckpointCheck(options)
  }

  async run(trx: QueryExecutorProvider): Promise<VerificationFault | undefined> {
    const { position: head } = await journalReader(trx).head()
    for (let after = 0; ; after += PAGE_POSITIONS) {
      const page = await readPage(trx, after, this.#last)
      const fault = this.#takePage(page)
      if (fault !== undefined) return fault
      this.#options.onProgress?.({ position: this.#position, head })
      if (page.rows.length < PAGE_POSITIONS && after + PAGE_POSITIONS >= head) break
    }
    return (
      this.#checkpoints.finish(this.#last) ??
      this.#endAt(head) ??
      this.#chains.finish() ??
      (await findStreamFault(trx, this.#chains))
    )
  }

  report(fault: VerificationFault | undefined): JournalReport {
    return {
      events: this.#position,
      streams: this.#chains.size,
      erased: this.#chains.erasures.erased,
      archived: this.#chains.erasures.archived,
      checkpoints: this.#checkpoints.checkpoints,
      sealed: this.#last?.size ?? 0,
      signers: [...this.#checkpoints.signers],
      ...(fault && { fault }),
    }
  }

  #takePage(page: Page): VerificationFault | undefined {
    const waiting = [...page.checkpoints]
    for (const row of page.rows) {
      const fault = this.#take(row, page)
      if (fault !== undefined) return fault
      while (waiting[0]?.size === this.#position) {
        const checkpoint = waiting.shift()
        const wrong = checkpoint && this.#checkpoints.check(checkpoint)
        if (wrong !== undefined) return wrong
      }
    }
    return undefined
  }

  #take(row: JournalRow, page: Page): VerificationFault | undefined {
    const event = eventOf(row)
    const expected = this.#position + 1
    if (event.position !== expected) {
      return { code: 'position', detail: 'there is no event at this position', position: expected }
    }
    const fault = isContradicted(row)
      ? faultAt(event, 'erasure', 'it says that its payload is erased, and has one')
      : this.#chains.add(event, row.data ?? '')
    if (fault !== undefined) return fault
    const leaf = eventLeaf(event)
    if (event.position <= (this.#last?.size ?? 0) && page.leafAt(event.position)?.equals(leaf) !== true) {
      return faultAt(event, 'leaf', 'it is not the event that was sealed at this position')
    }
    this.#position = event.position
    return this.#checkpoints.add(leaf)
  }

  /** The head is moved by the statement that inserts the events, so it is never behind or before them. */
  #endAt(head: number): VerificationFault | undefined {
    if (head === this.#position) return undefined
    const detail =
      head > this.#position
        ? `the journal gave out positions up to ${head}, and its last event is at ${this.#position}`
        : `the journal gave out positions up to ${head}, and there are events up to ${this.#position}`
    const code = head > this.#position ? 'cut' : 'position'
    return { code, detail, position: Math.min(head, this.#position) + 1 }
  }
}

function isContradicted({ data, erasure_id }: JournalRow): boolean {
  return data !== null && erasure_id !== null
}

/** The payload is checked as the text that it is. Only the records of erasures and archives have to be understood. */
function eventOf(row: JournalRow): JournalEvent {
  const isRecord = row.stream.startsWith('erasure/') || row.stream.startsWith('archive/')
  const event = toJournalEvent({ ...row, data: null })
  return isRecord && row.data !== null ? { ...event, data: readData(row.data) } : event
}

function readData(text: string): JournalEvent['data'] {
  try {
    return JSON.parse(text)
  } catch {
    return {} // an altered one: its checksum says so
  }
}
