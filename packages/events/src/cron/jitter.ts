import { hash } from 'node:crypto'

/** By how much the run of a time starts later: spread evenly over `jitterMs`, and always the same for the same time of the same job. */
export function jitterMsOf({
  name,
  slot,
  jitterMs,
}: {
  name: string
  slot: string
  jitterMs: number
}): number {
  if (jitterMs === 0) return 0
  return Number.parseInt(hash('sha256', `${name}\u0000${slot}`, 'hex').slice(0, 12), 16) % (jitterMs + 1)
}
