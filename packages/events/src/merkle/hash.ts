import { hash } from 'node:crypto'

/** Bytes of a hash of the tree (SHA-256). */
export const HASH_BYTES = 32

/** Leaves and nodes are hashed under different first bytes, so that neither can be passed off as the other. */
const LEAF_PREFIX = Buffer.of(0x00)
const NODE_PREFIX = Buffer.of(0x01)
const LEAF_DOMAIN = 'daybook-leaf/1\u0000'

/** The root of the tree without leaves (RFC 9162 §2.1.1): SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer')

/** The hash of a leaf (RFC 9162 §2.1.1): SHA-256 over a zero byte and the leaf. */
export function leafHash(leaf: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([LEAF_PREFIX, leaf]), 'buffer')
}

/** The hash of a node over its two children (RFC 9162 §2.1.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([NODE_PREFIX, left, right]), 'buffer')
}

/**
 * The leaf of an event: `daybook-leaf/1`, a zero byte, its position in decimal, a zero byte, its hash in hex. The hash
 * stands for the header and the payload, tenant and stream with them; the position is in no hash of an event, so it is
 * here. The event at position n is leaf n − 1.
 */
export function eventLeaf(event: { readonly position: number; readonly hash: string }): Buffer {
  return leafHash(Buffer.from(`${LEAF_DOMAIN}${event.position}\u0000${event.hash}`))
}
