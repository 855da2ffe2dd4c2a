import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'
import type { Shell } from './shell.ts'

/** Where a document goes, piece by piece. Leaving the scope closes the file. */
export interface OutputTarget extends AsyncDisposable {
  write(text: string): Promise<void>
}

/** Pieces are gathered to so many characters: a line is no reason for a system call. */
const GATHERED_MAX = 64 * 1024

/**
 * Standard output, or a new file: never over another one. What is written is handed on in large pieces; the rest of it
 * when the scope is left. Code: invalid-usage.
 */
export async function openOutput(shell: Shell, out: string | undefined): Promise<OutputTarget> {
  if (out === undefined)
    return gathered(
      (text) => shell.stdout.write(text),
      async () => undefined,
    )
  const file = await open(resolve(shell.cwd, out), 'wx').catch((cause: unknown) => {
    throw new DaybookError('invalid-usage', `${out} is there already, or cannot be written.`, { cause })
  })
  return gathered(
    (text) => file.appendFile(text),
    async () => {
      await file.sync()
      await file.close()
    },
  )
}

function gathered(hand: (text: string) => Promise<void>, close: () => Promise<void>): OutputTarget {
  let text = ''
  const flush = async (): Promise<void> => {
    const piece = text
    text = ''
    if (piece !== '') await hand(piece)
  }
  return {
    write: async (piece) => {
      text += piece
      if (text.length >= GATHERED_MAX) await flush()
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await flush()
      } finally {
        await close()
      }
    },
  }
}
