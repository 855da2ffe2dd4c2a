import { DaybookError } from '@daybook/errors'
import type { CronRun } from '@daybook/events'
import { Type } from 'typebox'

/** A lease as it is told to who has it. */
export const leaseFields = {
  token: Type.Integer({ minimum: 1, description: 'To be shown with whatever is told of the run' }),
  leaseUntil: Type.String({ description: 'By the clock that decides what is due' }),
  leaseMs: Type.Integer({ minimum: 0, description: 'How much of it is left' }),
}

export interface LeaseLeft {
  readonly token: number
  readonly leaseUntil: string
  readonly leaseMs: number
}

/** What is left of a lease at a moment. Code: `internal`, where there is none after a command that grants or extends it. */
export function leaseLeft(lease: CronRun['lease'], now: string): LeaseLeft {
  if (lease === undefined)
    throw new DaybookError('internal', 'There is no lease after a command that made one.')
  const { token, until: leaseUntil } = lease
  return { token, leaseUntil, leaseMs: Math.max(0, Date.parse(leaseUntil) - Date.parse(now)) }
}
