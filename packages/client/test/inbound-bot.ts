import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '@daybook/testing'
import { connectDaybook, type HandleOptions, type MessageHandler, type WorkerProblem } from '../src/index.ts'
import type { InboundServer } from './inbound-server.ts'

/** Short waits, since the end of a test waits for them; the signals of the tests' own process are left alone. */
const QUICK = { waitMs: 200, handleSignals: false, drainMs: 5_000 }

/** A bot, and everything that it found wrong. */
export async function openBot(server: InboundServer, handler: MessageHandler, options: HandleOptions = {}) {
  const daybook = await connectDaybook({ url: server.url })
  const problems: WorkerProblem[] = []
  const onProblem = (problem: WorkerProblem) => problems.push(problem)
  const bot = daybook.inbound.handle('telegram', handler, { ...QUICK, onProblem, ...options })
  return Object.assign(bot, { problems })
}

/** Waits until a message is in this state. */
export async function untilState(server: InboundServer, key: string, state: string): Promise<void> {
  const what = `${key} to be ${state}`
  await waitFor(() => server.message(key).state === state, { what })
}

/** Work that ends with its signal only. */
export async function untilAborted({ signal }: { signal: AbortSignal }): Promise<never> {
  await pause(60_000, undefined, { signal })
  throw new Error('a test does not wait so long')
}
