/** What the command may touch of the process it runs in. `main.ts` fills it from the real one; tests bring their own. */
export interface Shell {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborted when the user asks to stop: a tail then ends as if it were done. */
  readonly signal: AbortSignal
}

/** Where text goes. */
export interface Sink {
  readonly isTTY: boolean
  /** Resolves when the text may be forgotten; a slow reader thereby slows the command down. */
  write(text: string): Promise<void>
}

/** Whether to colour what goes to `sink`: only for a person who has not asked for none (https://no-color.org). */
export function wantsColour(shell: Shell, sink: Sink): boolean {
  return sink.isTTY && !shell.env['NO_COLOR'] && shell.env['TERM'] !== 'dumb'
}
