/** A checkpoint on its way out. */
interface AnchoredNote {
  readonly size: number
  /** The signed note. */
  readonly note: string
}

/** A place outside of our reach that keeps checkpoints, so that not even who has all our keys can rewrite the journal. */
export interface Anchor {
  /** `file`, `http`, `s3`: one of each. Under this name it is remembered what it has. */
  readonly name: string
  /** Takes a checkpoint there and answers where it is. Taking it twice does no harm. */
  put(checkpoint: AnchoredNote, signal: AbortSignal): Promise<string>
}
