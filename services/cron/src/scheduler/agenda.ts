import { type JobKey, jobKey } from '../jobs/job-states.ts'
import type { PreparedTick } from './job-decisions.ts'

/** A job to be decided about, and what was decided ahead. */
export interface PlannedJob extends JobKey {
  readonly prepared?: PreparedTick | undefined
}

interface Entry extends PlannedJob {
  readonly dueAt: string
}

/** What this instance is about to decide about, and when. Each job is in it once. */
export class Agenda {
  readonly #entries = new Map<string, Entry>()

  /** Instead of when it was to be decided about before. */
  put({ tenant, job, prepared }: PlannedJob, dueAt: string): void {
    this.#entries.set(jobKey(tenant, job), { tenant, job, prepared, dueAt })
  }

  remove({ tenant, job }: JobKey): void {
    this.#entries.delete(jobKey(tenant, job))
  }

  get size(): number {
    return this.#entries.size
  }

  /** The first instant at which something is due. */
  get nextAt(): string | undefined {
    let next: string | undefined
    for (const { dueAt } of this.#entries.values()) if (next === undefined || dueAt < next) next = dueAt
    return next
  }

  /** Takes out what is due, the earliest first. */
  takeDue(now: string): PlannedJob[] {
    const due = [...this.#entries.values()].filter(({ dueAt }) => dueAt <= now)
    for (const key of due) this.remove(key)
    return due.toSorted((a, b) => (a.dueAt < b.dueAt ? -1 : Number(a.dueAt > b.dueAt)))
  }
}
