import {
  GrowingTree,
  type KnownCheckpoint,
  openCheckpoint,
  parseVerifierKey,
  type VerificationFault,
  type VerifierKey,
} from '@daybook/events'
import type { CheckpointRow } from './pages.ts'

export interface CheckpointCheckOptions {
  /** The keys that are trusted. Without any, those that the journal itself names. */
  readonly keys: readonly VerifierKey[]
  /** Checkpoints that somebody has kept elsewhere. */
  readonly known: readonly KnownCheckpoint[]
}

/** Grows the tree over the events anew, and holds it against every checkpoint on the way: ours, and those kept elsewhere. */
export class CheckpointCheck {
  readonly #tree = new GrowingTree()
  readonly #options: CheckpointCheckOptions
  readonly #known: KnownCheckpoint[]
  readonly signers = new Set<string>()
  checkpoints = 0

  constructor(options: CheckpointCheckOptions) {
    this.#options = options
    this.#known = options.known.filter(({ size }) => size > 0).toSorted((one, other) => one.size - other.size)
  }

  /** Takes the leaf of the next event. */
  add(leaf: Buffer): VerificationFault | undefined {
    this.#tree.add(leaf)
    while (this.#known[0]?.size === this.#tree.size) {
      const kept = this.#known.shift()
      if (kept !== undefined && !this.#tree.root().equals(kept.root)) {
        return { code: 'rewritten', detail: this.#rewritten('a checkpoint that was kept elsewhere') }
      }
    }
    return undefined
  }

  /** Takes a checkpoint of the journal, when as many events have been added as it covers. */
  check({ size, root, note, key, sealedAt }: CheckpointRow): VerificationFault | undefined {
    this.checkpoints += 1
    const keys = this.#options.keys.length > 0 ? this.#options.keys : [parseVerifierKey(key)]
    const opened = openCheckpoint(note, keys)
    const which = `the checkpoint over ${size} events`
    if ('reason' in opened)
      return { code: 'signature', detail: `${which} cannot be believed: ${opened.reason}` }
    for (const signer of opened.signers) this.signers.add(signer.text)
    const { checkpoint } = opened
    if (checkpoint.size !== size || !checkpoint.root.equals(root)) {
      return { code: 'signature', detail: `${which} is not the one that was signed` }
    }
    if (this.#tree.root().equals(root)) return undefined
    return { code: 'rewritten', detail: this.#rewritten(`the checkpoint of ${sealedAt.toISOString()}`) }
  }

  /** What is left when all events were added: checkpoints over events that are gone. */
  finish(last: Pick<CheckpointRow, 'size'> | undefined): VerificationFault | undefined {
    const size = Math.max(last?.size ?? 0, this.#known.at(-1)?.size ?? 0)
    if (size <= this.#tree.size) return undefined
    const detail = `the journal ends at position ${this.#tree.size}, and a checkpoint covers ${size} events`
    return { code: 'cut', detail, position: this.#tree.size + 1 }
  }

  #rewritten(checkpoint: string): string {
    return `the first ${this.#tree.size} events are not those of ${checkpoint}`
  }
}
