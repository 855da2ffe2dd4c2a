/** Files by name. Names are made of letters, digits and `-_.=/`; `/` makes folders. */
export interface ObjectStore {
  /** For messages: where it is, without credentials. */
  readonly location: string
  /** Keeps a file under a name, in place of what was there. It is durable when this returns. Errors: `unavailable`. */
  put(name: string, content: Uint8Array, options?: PutOptions): Promise<void>
  /** The file, or undefined if there is none. Errors: `unavailable`. */
  get(name: string): Promise<Buffer | undefined>
  /** Removes a file; there may be none. Errors: `unavailable`. */
  remove(name: string): Promise<void>
}

export interface PutOptions {
  readonly mediaType?: string
  /** S3 object lock: nobody may change or remove the file before. A folder cannot keep that promise and ignores it. */
  readonly lockedUntil?: Date
}
