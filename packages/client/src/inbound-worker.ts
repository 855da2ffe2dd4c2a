import type { WorkerOptions } from './worker.ts'

/** Longer than any answer that a person waits for: who hangs must not hold the conversation up for ever. */
const TIMEOUT_MS = 15 * 60 * 1_000

export interface InboundWorkerOptions extends WorkerOptions {
  readonly account?: string
}

/** Which messages, or replies, a worker claims. */
export function placeOf(
  source: string,
  { account }: InboundWorkerOptions,
): { readonly source: string; readonly account?: string } {
  return { source, ...(account !== undefined && { account }) }
}

export function timeoutMsOf({ timeoutMs = TIMEOUT_MS }: InboundWorkerOptions): number {
  return timeoutMs
}
