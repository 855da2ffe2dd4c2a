import { createHash } from 'node:crypto'
import { canonicalJson } from '../json/canonical.ts'

/** 128 bits: no two keys of all sessions there will ever be share one, by chance or by intent. */
const HEX_DIGITS = 32

/**
 * The id of the session that a key stands for. It follows from the key, so that whoever asks for the session at the same
 * time asks for the same stream, whose first event only one of them can append.
 */
export function sessionIdOf(tenant: string, sessionKey: string): string {
  const text = canonicalJson(['daybook/session/1', tenant, sessionKey])
  return createHash('sha256').update(text).digest('hex').slice(0, HEX_DIGITS)
}
