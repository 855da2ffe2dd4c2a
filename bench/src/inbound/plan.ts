/** What is measured, and how long. */
export interface InboundPlan {
  callers: readonly number[]
  /** Over how many conversations the messages of a whole cycle are spread. */
  conversations: readonly number[]
  /** How often every system has its turn at every measurement. The figures reported are medians over the rounds. */
  rounds: number
  warmUpMs: number
  durationMs: number
  offered: Offered
  backlog: Backlog
  filled: Filled
}

/** Messages that are brought at a fixed rate, whatever the system does. */
export interface Offered {
  ratePerSecond: number
  warmUpMs: number
  durationMs: number
}

/** Messages that wait when the work begins. */
export interface Backlog {
  messages: number
  lanes: number
  workers: number
}

/** Sources with few messages and with many, beside each other. */
export interface Filled {
  small: number
  large: number
  lanes: number
  /** As many claims as are measured in each turn. */
  claims: number
  turns: number
}

/** How often each of the messages that are there is brought again, in turns. */
export const KNOWN_MESSAGES = 512

const FULL = {
  rounds: 3,
  backlog: { messages: 10_000, lanes: 100, workers: 16 },
  filled: { small: 500, large: 50_000, lanes: 100, claims: 20, turns: 10 },
}
const QUICK = {
  rounds: 1,
  backlog: { messages: 1_000, lanes: 100, workers: 16 },
  filled: { small: 500, large: 5_000, lanes: 100, claims: 20, turns: 3 },
}

/**
 * Three rounds are the fewest whose median survives one disturbed round. Half a second is what plans, prepared statements
 * and the JIT need to settle. What is offered takes five times as long as one measurement: at 1,000/s a 99th percentile
 * then rests on a hundred slow answers.
 */
export function inboundPlanOf(options: { seconds: number; quick: boolean }): InboundPlan {
  const durationMs = options.seconds * 1_000
  return {
    ...(options.quick ? QUICK : FULL),
    callers: [1, 16, 64],
    conversations: [32, 1_000],
    warmUpMs: 500,
    durationMs,
    offered: { ratePerSecond: 1_000, warmUpMs: 1_000, durationMs: durationMs * 5 },
  }
}
