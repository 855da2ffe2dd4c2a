import type { ReadSchedule } from './read-schedule.ts'

/** The first slot after that instant, in milliseconds since 1970; undefined when there is none any more. */
export function firstSlot(schedule: ReadSchedule, after: number): string | undefined {
  for (const passage of schedule.passages(after))
    if (passage.is !== 'left-out') return new Date(passage.at).toISOString()
  return undefined
}
