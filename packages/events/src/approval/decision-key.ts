import { checksumOf } from '../chain.ts'

/** The journal takes keys that begin so from the service that decides approvals, and from nobody else. */
const PREFIX = 'decision:'

/**
 * The key of the event that decides a breakpoint. It stays when the payload is erased, so that nobody can decide again
 * after that. An id may be too long for a key, or hold what a key may not, so its SHA-256 stands for it.
 */
export function decisionKeyOf(effectId: string): string {
  return `${PREFIX}${checksumOf(effectId)}`
}

/** Whether an event with this key came through the door of approvals, which asks for the scope `approve`. */
export function isDecisionKey(key: string | undefined): boolean {
  return key?.startsWith(PREFIX) === true
}
