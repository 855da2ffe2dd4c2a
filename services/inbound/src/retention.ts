import type { InboundLimits } from '@daybook/events'
import type { KeptSource } from './store/retention.ts'

/**
 * How many payloads a source has to give up. Only those of finished messages can go; if that is not enough, what is left is
 * unfinished or dead, and new messages are refused instead.
 */
export function payloadsOver(
  { withPayload }: Pick<KeptSource, 'withPayload'>,
  { maxEntries }: Pick<InboundLimits, 'maxEntries'>,
): number {
  return Math.max(0, withPayload - maxEntries)
}

/** Whether there is something to clear away. */
export function hasTooMuch(source: KeptSource, limits: InboundLimits): boolean {
  return payloadsOver(source, limits) > 0 || (source.finishedForSeconds ?? 0) > limits.retentionSeconds
}
