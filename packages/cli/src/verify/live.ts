import type { Daybook, Verification } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import {
  type Checkpoint,
  eventLeaf,
  findConsistencyFault,
  findInclusionFault,
  GrowingTree,
  type JournalEvent,
  openCheckpoint,
  parseVerifierKey,
  StreamChains,
  type VerificationFault,
  type VerifierKey,
} from '@daybook/events'
import type { Session } from '../session.ts'
import { verifyLines } from './bundle.ts'
import type { Evidence } from './inputs.ts'
import { progressOf } from './progress.ts'
import type { Verdict } from './verdict.ts'

/** Verifies a journal over HTTP, by what it hands out: it can refuse, but it cannot make up proofs. */
export async function verifyLive(
  at: Session,
  daybook: Daybook,
  { stream, evidence }: { stream?: string; evidence: Evidence },
): Promise<Verdict> {
  const { verification } = daybook
  const keys = evidence.keys.length > 0 ? evidence.keys : await namedKeys(verification)
  const remarks =
    evidence.keys.length > 0 ? [] : ['No --key was given: the key is the one that the server names.']
  if (stream !== undefined) {
    const lines = verification.bundle(stream, { signal: at.shell.signal })
    const verdict = await verifyLines(at, lines, { keys, known: [], receipts: evidence.receipts })
    const fault = verdict.fault ?? (await new LiveReading(daybook, { ...evidence, keys }).open()).fault
    return { ...verdict, ...(fault && { fault }), remarks: [...remarks, ...verdict.remarks] }
  }
  const reading = new LiveReading(daybook, { ...evidence, keys })
  const { fault = await reading.run(progressOf(at)) } = await reading.open()
  return reading.verdict(fault, remarks)
}

async function namedKeys(verification: Verification): Promise<VerifierKey[]> {
  return (await verification.keys()).map(({ key }) => parseVerifierKey(key))
}

/** A server that leaves events out looks the same from here as one that has other tenants. */
const PARTIAL =
  'Not every position is shown here, since there are other tenants: the end of each stream was proven, and not the whole tree.'

class LiveReading {
  readonly #daybook: Daybook
  readonly #evidence: Evidence
  readonly #chains: StreamChains
  readonly #tree = new GrowingTree()
  /** The last sealed event of each stream: over the chain it vouches for all before it. */
  readonly #ends = new Map<string, JournalEvent>()
  #checkpoint: Checkpoint | undefined
  #signers: string[] = []
  #events = 0
  #sealed = 0
  #seesAll = true

  constructor(daybook: Daybook, evidence: Evidence) {
    this.#daybook = daybook
    this.#evidence = evidence
    this.#chains = new StreamChains(evidence.receipts)
  }

  /** Takes the newest checkpoint, and has it prove that it continues those that are known. */
  async open(): Promise<{ fault?: VerificationFault }> {
    const { keys, known } = this.#evidence
    const note = await this.#daybook.verification.checkpoint().catch((error: unknown) => {
      if (error instanceof DaybookError && error.code === 'not-found') return undefined
      throw error
    })
    if (note === undefined) {
      const isExpected = keys.length === 0 && known.length === 0
      return isExpected ? {} : { fault: { code: 'signature', detail: 'the journal has no checkpoint' } }
    }
    const opened = openCheckpoint(note, keys)
    if ('reason' in opened) {
      return { fault: { code: 'signature', detail: `the checkpoint cannot be believed: ${opened.reason}` } }
    }
    const { checkpoint } = opened
    this.#checkpoint = checkpoint
    this.#signers = opened.signers.map(({ text }) => text)
    const older = known.filter(({ size }) => size > 0 && size < checkpoint.size)
    const proofs = await Promise.all(
      older.map(async ({ size }) => ({
        from: size,
        hashes: await this.#daybook.verification.consistency(size, checkpoint.size),
      })),
    )
    const fault = findConsistencyFault(checkpoint, known, proofs)
    return fault === undefined ? {} : { fault }
  }

  async run(progress: (text: string) => void): Promise<VerificationFault | undefined> {
    for await (const event of this.#daybook.events()) {
      const fault = this.#chains.add(event) ?? this.#grow(event)
      if (fault !== undefined) return fault
      this.#events += 1
      progress(`${this.#events} events`)
    }
    return (await this.#prove(progress)) ?? this.#chains.finish()
  }

  verdict(fault: VerificationFault | undefined, remarks: readonly string[]): Verdict {
    return {
      events: this.#events,
      streams: this.#chains.size,
      sealed: this.#sealed,
      erased: this.#chains.erasures.erased,
      archived: this.#chains.erasures.archived,
      signers: this.#signers,
      ...(fault && { fault }),
      remarks: this.#seesAll ? remarks : [...remarks, PARTIAL],
    }
  }

  #grow(event: JournalEvent): VerificationFault | undefined {
    const checkpoint = this.#checkpoint
    if (checkpoint === undefined || event.position > checkpoint.size) return undefined
    this.#sealed += 1
    this.#ends.set(event.stream, event)
    if (event.position !== this.#tree.size + 1) this.#seesAll = false
    if (!this.#seesAll) return undefined
    this.#tree.add(eventLeaf(event))
    if (this.#tree.size < checkpoint.size || this.#tree.root().equals(checkpoint.root)) return undefined
    return {
      code: 'rewritten',
      detail: `the first ${checkpoint.size} events are not those of the checkpoint`,
    }
  }

  /** Who does not see every position (there are other tenants) has the end of each stream proven instead. */
  async #prove(progress: (text: string) => void): Promise<VerificationFault | undefined> {
    if (this.#checkpoint === undefined || this.#tree.size === this.#checkpoint.size) return undefined
    let proven = 0
    for (const event of this.#ends.values()) {
      const answer = await this.#daybook.verification.proof(event.id)
      // A newer checkpoint may have come meanwhile: it counts as well, if it is signed.
      const opened = openCheckpoint(answer.checkpoint, this.#evidence.keys)
      if ('reason' in opened) return { code: 'signature', detail: `a proof leads nowhere: ${opened.reason}` }
      const fault = findInclusionFault(event, answer.proof, opened.checkpoint)
      if (fault !== undefined) return fault
      proven += 1
      progress(`${proven} of ${this.#ends.size} streams proven`)
    }
    return undefined
  }
}
