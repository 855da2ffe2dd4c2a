import { open } from 'node:fs/promises'
import type { Anchor } from './anchor.ts'

/**
 * Adds checkpoints to a file, one note after the other, each on disk before it counts. The file is only ever opened for
 * appending, so it may be one that the system lets nobody do more to (`chattr +a`, or a mount that works so).
 */
export function fileAnchor(path: string): Anchor {
  return {
    name: 'file',
    async put({ note }) {
      await using file = await open(path, 'a', 0o644)
      await file.appendFile(`${note}\n`)
      await file.sync()
      return path
    },
  }
}
