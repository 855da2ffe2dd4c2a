/** A job queue with schedules of its own. */
export interface CronPeer {
  name: string
  label: string
  /** Whose version the report names. */
  packageName: string
  /** What Daybook does in the same measurement, and this one does not. */
  lacks: readonly string[]
  /** Makes so many schedules that are due at these minutes of the hour, and works off what they bring until it is disposed. */
  open(due: PeerDue, on: PeerEvents): Promise<AsyncDisposable>
}

export interface PeerDue {
  schedules: number
  /** In UTC. */
  minutes: readonly number[]
}

export interface PeerEvents {
  /** The handler of a schedule's job begins. */
  started(schedule: string): void
  failed(error: unknown): void
}

/** By which a schedule is known. */
export function scheduleName(index: number): string {
  return `schedule-${index}`
}

/** Five fields are what they know. */
export function expressionOf({ minutes }: PeerDue): string {
  return `${minutes.join(',')} * * * *`
}
