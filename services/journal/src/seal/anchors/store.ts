import type { ObjectStore } from '@daybook/object-store'
import type { Anchor } from './anchor.ts'

const DAY_MS = 86_400_000

/**
 * Puts each checkpoint into a bucket under a name of its own, locked so that nobody can change or remove it before
 * `lockDays` are over (S3 object lock; 0 = not locked). Best a bucket of another account.
 */
export function storeAnchor(store: ObjectStore, lockDays: number): Anchor {
  return {
    name: 's3',
    async put({ size, note }) {
      // Sorted by name they are sorted by size.
      const name = `checkpoints/${String(size).padStart(16, '0')}.txt`
      const lock = lockDays === 0 ? {} : { lockedUntil: new Date(Date.now() + lockDays * DAY_MS) }
      await store.put(name, Buffer.from(note), { mediaType: 'text/plain; charset=utf-8', ...lock })
      return `${store.location}${name}`
    },
  }
}
