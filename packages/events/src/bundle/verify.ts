import { createHash } from 'node:crypto'
import { DaybookError } from '@daybook/errors'
import type { Receipt } from '../envelope.ts'
import { type Checkpoint, openCheckpoint, readCheckpoint } from '../note/checkpoint.ts'
import type { VerifierKey } from '../note/key.ts'
import { findConsistencyFault, type KnownCheckpoint } from '../verify/consistency.ts'
import { faultAt, type VerificationFault } from '../verify/fault.ts'
import { findInclusionFault } from '../verify/inclusion.ts'
import { StreamChains } from '../verify/streams.ts'
import { type BundleEntry, type BundleManifest, parseBundleLine, parseManifest } from './format.ts'

export interface VerifyBundleOptions {
  /** The keys that are trusted. Without any, signatures are not checked, and the report names no signer. */
  readonly keys?: readonly VerifierKey[]
  /** What producers were answered: each event of a receipt has to be there. */
  readonly receipts?: readonly Receipt[]
  /** Older checkpoints, already opened, of which the bundle's has to be the continuation. */
  readonly known?: readonly KnownCheckpoint[]
  /** Told after each event. */
  readonly onEvent?: (events: number) => void
}

/** What a bundle holds, and the first thing that is wrong with it. */
export interface BundleReport {
  readonly tenant?: string
  readonly streams: readonly string[]
  readonly events: number
  /** Events that were shown to be under the checkpoint, and events that came after it. */
  readonly proven: number
  readonly unproven: number
  /** Events whose payloads were erased, by an erasure that is on record. */
  readonly erased: number
  /** Events whose payloads are in the archive. */
  readonly archived: number
  readonly checkpoint?: Checkpoint
  /** Names of the trusted keys that signed the checkpoint. */
  readonly signers: readonly string[]
  readonly fault?: VerificationFault
}

/**
 * Verifies a bundle by itself, line by line, without a server: that it is whole, the chain of each stream from its first
 * event on, each proof into the checkpoint, and the checkpoint's signature. Stops at the first fault.
 *
 * It cannot see that the newest events of a stream were left out, unless there is a receipt for one of them.
 */
export async function verifyBundle(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyBundleOptions = {},
): Promise<BundleReport> {
  const reading = new BundleReading(options)
  try {
    for await (const line of lines) {
      const fault = reading.take(line)
      if (fault !== undefined) return reading.report(fault)
    }
    return reading.report(reading.finish())
  } catch (error) {
    // A line that cannot be read is what is wrong with the bundle; anything else is a surprise.
    if (!(error instanceof DaybookError)) throw error
    return reading.report({ code: 'format', detail: error.message })
  }
}

class BundleReading {
  readonly #options: VerifyBundleOptions
  readonly #chains: StreamChains
  readonly #digest = createHash('sha256')
  #manifest: BundleManifest | undefined
  #checkpoint: Checkpoint | undefined
  #signers: readonly string[] = []
  #events = 0
  #proven = 0
  #isEnded = false

  constructor(options: VerifyBundleOptions) {
    this.#options = options
    this.#chains = new StreamChains(options.receipts)
  }

  take(line: string): VerificationFault | undefined {
    if (this.#isEnded) return { code: 'format', detail: 'there is something behind its end' }
    if (this.#manifest === undefined) {
      this.#manifest = parseManifest(line)
      this.#digest.update(line).update('\n')
      return this.#open(this.#manifest)
    }
    const parsed = parseBundleLine(line)
    if ('end' in parsed) return this.#close(parsed.end)
    this.#digest.update(line).update('\n')
    return this.#add(parsed, this.#manifest)
  }

  finish(): VerificationFault | undefined {
    if (!this.#isEnded)
      return { code: 'format', detail: 'it has no end: it was cut, or is still being written' }
    return this.#chains.finish()
  }

  report(fault: VerificationFault | undefined): BundleReport {
    return {
      ...(this.#manifest && { tenant: this.#manifest.tenant }),
      streams: this.#manifest?.streams ?? [],
      events: this.#events,
      proven: this.#proven,
      unproven: this.#events - this.#proven,
      erased: this.#chains.erasures.erased,
      archived: this.#chains.erasures.archived,
      ...(this.#checkpoint && { checkpoint: this.#checkpoint }),
      signers: this.#signers,
      ...(fault && { fault }),
    }
  }

  #open({ checkpoint: note, consistency }: BundleManifest): VerificationFault | undefined {
    const { keys = [], known = [] } = this.#options
    if (note === undefined) {
      if (keys.length === 0 && known.length === 0) return undefined
      return { code: 'signature', detail: 'it has no checkpoint, so no key vouches for it' }
    }
    if (keys.length === 0) {
      this.#checkpoint = readCheckpoint(note)
      if (this.#checkpoint === undefined) return { code: 'signature', detail: 'its checkpoint is none' }
    } else {
      const opened = openCheckpoint(note, keys)
      if ('reason' in opened)
        return { code: 'signature', detail: `its checkpoint cannot be believed: ${opened.reason}` }
      this.#checkpoint = opened.checkpoint
      this.#signers = opened.signers.map(({ name }) => name)
    }
    const proofs = consistency === undefined ? [] : [consistency]
    return findConsistencyFault(this.#checkpoint, known, proofs)
  }

  #add({ event, proof }: BundleEntry, { tenant, streams }: BundleManifest): VerificationFault | undefined {
    // The records of what was erased and archived of the streams come with them.
    const isNamed = streams.includes(event.stream) || /^(erasure|archive)\//.test(event.stream)
    if (event.tenant !== tenant || !isNamed) {
      return faultAt(event, 'format', 'the manifest does not name the stream of this event')
    }
    const fault = this.#chains.add(event) ?? this.#prove({ event, ...(proof && { proof }) })
    if (fault !== undefined) return fault
    this.#events += 1
    this.#options.onEvent?.(this.#events)
    return undefined
  }

  #prove({ event, proof }: BundleEntry): VerificationFault | undefined {
    const checkpoint = this.#checkpoint
    if (checkpoint === undefined || event.position > checkpoint.size) return undefined
    const fault = findInclusionFault(event, proof, checkpoint)
    if (fault === undefined) this.#proven += 1
    return fault
  }

  #close({ events, sha256 }: { events: number; sha256: string }): VerificationFault | undefined {
    this.#isEnded = true
    if (this.#digest.digest('hex') !== sha256 || events !== this.#events) {
      return {
        code: 'digest',
        detail: 'it is not what was written: its bytes do not have the SHA-256 at its end',
      }
    }
    return undefined
  }
}
