import { clockText } from './clock-text.ts'
import { noteOn } from './notes.ts'
import type { Passage } from './passages.ts'
import type { ReadSchedule } from './read-schedule.ts'

/** Which slots are asked for: the first `limit` after an instant, between `startAt` and `endAt`, both inside. */
export interface PreviewAsked {
  readonly after: string
  readonly limit: number
  readonly startAt?: string | undefined
  readonly endAt?: string | undefined
}

/** A slot as people read it. */
export interface PreviewedSlot {
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string
  /** By the clocks of the schedule's time zone, in UTC for one without: `2026-03-29 03:00:00 +02:00`. */
  readonly local: string
  /** What a change of the clocks does to it, or to times before it. */
  readonly note?: string
}

export function preview(schedule: ReadSchedule, asked: PreviewAsked): readonly PreviewedSlot[] {
  const { after, limit, startAt, endAt } = asked
  const from = Math.max(
    Date.parse(after),
    startAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(startAt) - 1,
  )
  const until = endAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(endAt)
  const slots: PreviewedSlot[] = []
  let since: Passage[] = []
  for (const passage of schedule.passages(from)) {
    if (slots.length >= limit || passage.at > until) break
    since.push(passage)
    if (passage.is === 'left-out') continue
    slots.push(previewed(schedule, passage.at, since))
    since = []
  }
  return slots
}

function previewed(schedule: ReadSchedule, at: number, since: readonly Passage[]): PreviewedSlot {
  const offsetMs = schedule.offsetAt(at)
  const notes = since.flatMap((passage) => noteOn(passage, at + offsetMs) ?? [])
  const slot = { at: new Date(at).toISOString(), local: clockText(at + offsetMs, offsetMs) }
  return notes.length === 0 ? slot : { ...slot, note: notes.join('; ') }
}
