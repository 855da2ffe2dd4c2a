import { type ChainStart, FIRST_PREV, findLinkFault } from '../chain.ts'
import type { JournalEvent, Receipt } from '../envelope.ts'
import { Erasures } from './erasures.ts'
import { faultAt, type VerificationFault } from './fault.ts'

/** The end of a stream, as its events have it. */
export interface StreamEnd extends ChainStart {
  readonly tenant: string
  readonly stream: string
}

const NOTHING: ChainStart = { seq: 0, hash: FIRST_PREV }

/**
 * Verifies the chains of many streams at once, each from its beginning, in whatever order the streams come: the whole
 * journal by position, or one stream. Keeps a few hundred bytes for each stream, and nothing of its events.
 */
export class StreamChains {
  readonly #ends = new Map<string, StreamEnd>()
  readonly #receipts = new Map<string, Receipt>()
  readonly erasures = new Erasures()

  /** @param receipts what their holders were told; the events have to be there, and be the same. */
  constructor(receipts: readonly Receipt[] = []) {
    for (const receipt of receipts) this.#receipts.set(receipt.id, receipt)
  }

  /** Takes the next event; `canonicalData` as of `findLinkFault`. */
  add(event: JournalEvent, canonicalData?: string): VerificationFault | undefined {
    const { tenant, stream, seq, hash } = event
    const name = `${tenant} ${stream}`
    const fault = findLinkFault(event, this.#ends.get(name) ?? NOTHING, canonicalData)
    if (fault !== undefined) return faultAt(event, fault.code, fault.detail)
    const contradicted = this.#contradicted(event)
    if (contradicted !== undefined) return contradicted
    this.#ends.set(name, { tenant, stream, seq, hash })
    return this.erasures.add(event)
  }

  /** What the events that came do not answer for: a receipt for an event that did not come, an erasure without record. */
  finish(): VerificationFault | undefined {
    const [missing] = this.#receipts.values()
    if (missing === undefined) return this.erasures.finish()
    const { position, stream, seq, id } = missing
    return {
      code: 'cut',
      detail: 'there is a receipt for this event, and it is gone',
      position,
      stream,
      seq,
      id,
    }
  }

  /** Streams so far. */
  get size(): number {
    return this.#ends.size
  }

  endOf(tenant: string, stream: string): StreamEnd | undefined {
    return this.#ends.get(`${tenant} ${stream}`)
  }

  #contradicted(event: JournalEvent): VerificationFault | undefined {
    const receipt = this.#receipts.get(event.id)
    if (receipt === undefined) return undefined
    this.#receipts.delete(event.id)
    const isSame =
      receipt.stream === event.stream &&
      receipt.seq === event.seq &&
      receipt.position === event.position &&
      receipt.hash === event.hash
    return isSame
      ? undefined
      : faultAt(event, 'receipt', 'it is not the event that the receipt was given for')
  }
}
