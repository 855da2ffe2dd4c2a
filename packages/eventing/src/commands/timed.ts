import { DaybookError } from '@daybook/errors'
import type { CommandDoor } from './door.ts'

/** Counts commands. */
interface CommandMetrics {
  /** How long a command took, and its code where it was refused. */
  executed(command: string, seconds: number, outcome: string): void
}

/** Measures a door. Who waits for work is not measured: that is not the service's time. */
export function timed(door: CommandDoor, metrics: CommandMetrics): CommandDoor {
  return {
    ...door,
    async run(call, input) {
      const sinceMs = performance.now()
      const told = (outcome: string): void =>
        metrics.executed(door.name, (performance.now() - sinceMs) / 1_000, outcome)
      try {
        const answer = await door.run(call, input)
        if (!waits(input)) told('done')
        return answer
      } catch (error) {
        told(error instanceof DaybookError ? error.code : 'internal')
        throw error
      }
    },
  }
}

function waits(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'wait' in input
}
