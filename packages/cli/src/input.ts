import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'
import type { Shell } from './shell.ts'

/** Events are appended by the thousand, not by the million: what is read is held in memory. */
const inputBytesMax = 64 * 1024 * 1024

/** The bytes of a file, or of standard input for `-` and for nothing. Codes: not-found, payload-too-large. */
export async function readInput(file: string | undefined, shell: Shell): Promise<Uint8Array> {
  if (file !== undefined && file !== '-') {
    const bytes = await readFile(resolve(shell.cwd, file)).catch((cause: unknown) => {
      throw new DaybookError('not-found', `Cannot read ${file}. Check that it exists and may be read.`, {
        cause,
      })
    })
    return bounded(bytes.length, bytes)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of shell.stdin) {
    bytes += chunk.length
    chunks.push(bounded(bytes, chunk))
  }
  return Buffer.concat(chunks)
}

function bounded<T>(bytes: number, value: T): T {
  if (bytes <= inputBytesMax) return value
  throw new DaybookError(
    'payload-too-large',
    `The input is larger than ${inputBytesMax} bytes. Send it in parts.`,
  )
}
