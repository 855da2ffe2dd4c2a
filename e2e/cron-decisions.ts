import type { JournalEvent } from '@daybook/events'

/** An event of a job as far as it is looked at. */
export type Told = Pick<JournalEvent, 'type' | 'data'>

/** What was said of a run of a time last; `missed` of a time that has none. */
type Stage = 'missed' | 'held' | 'queued' | 'started' | 'retrying' | 'skipped' | 'ended'

/** By event type: after what it may come. `undefined` is the first word on a time. */
const MAY_FOLLOW: Readonly<Record<string, readonly (Stage | undefined)[]>> = {
  CRON_RUN_STARTED: [undefined, 'held', 'queued', 'retrying'],
  CRON_RUN_QUEUED: [undefined, 'held'],
  CRON_RUN_HELD: [undefined],
  CRON_RUN_SKIPPED: [undefined, 'held', 'queued'],
  CRON_RUN_CLAIMED: ['started'],
  CRON_RUN_EXTENDED: ['started'],
  CRON_RUN_RELEASED: ['started'],
  CRON_RUN_RETRIED: ['started'],
  CRON_RUN_REPLACED: ['started', 'retrying'],
  CRON_RUN_CANCEL_REQUESTED: ['queued', 'started', 'retrying'],
  CRON_RUN_FINISHED: ['queued', 'started', 'retrying'],
  CRON_RUN_TIMED_OUT: ['started', 'retrying'],
}

const LEADS_TO: Readonly<Record<string, Stage>> = {
  CRON_RUN_STARTED: 'started',
  CRON_RUN_QUEUED: 'queued',
  CRON_RUN_HELD: 'held',
  CRON_RUN_SKIPPED: 'skipped',
  CRON_RUN_RETRIED: 'retrying',
  CRON_RUN_FINISHED: 'ended',
  CRON_RUN_TIMED_OUT: 'ended',
}

/** What an event says where it says a text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/**
 * What is wrong with the events of a job, one sentence each: a time that was decided twice, left out, decided before it came or
 * after a later one, or is none of the schedule; a run that started twice, or went on after its end.
 * @param slots all times of its schedule, in order, up to the last one that has to be decided
 */
export function decisionFaults(slots: readonly string[], events: readonly Told[]): string[] {
  const record = new JobRecord(slots)
  for (const event of events) record.read(event)
  return [...record.faults, ...record.leftOut().map((slot) => `${slot} is not decided`)]
}

/** By what was said first of them, how many times there are: `CRON_RUN_STARTED: 17`. */
export function firstWords(events: readonly Told[]): Record<string, number> {
  const words: Record<string, number> = {}
  const seen = new Set<string>()
  for (const { type, data } of events) {
    const isMissed = type === 'CRON_SLOTS_MISSED'
    const run = textOf(data['run'])
    if (!isMissed && (run === '' || seen.has(run))) continue
    seen.add(run)
    words[type] = (words[type] ?? 0) + (isMissed ? Number(data['count']) : 1)
  }
  return words
}

class JobRecord {
  readonly faults: string[] = []
  /** By its time: where in the schedule it is. */
  readonly #places: ReadonlyMap<string, number>
  readonly #slots: readonly string[]
  /** By its time; of a run that is for none, by its name. */
  readonly #stages = new Map<string, Stage>()
  readonly #slotOf = new Map<string, string>()
  readonly #attempts = new Map<string, number>()
  #lastPlace = -1

  constructor(slots: readonly string[]) {
    this.#slots = slots
    this.#places = new Map(slots.map((slot, place) => [slot, place]))
  }

  leftOut(): string[] {
    return this.#slots.filter((slot) => !this.#stages.has(slot))
  }

  read({ type, data }: Told): void {
    if (type === 'CRON_SLOTS_MISSED') this.#readMissed(data)
    else if (MAY_FOLLOW[type] !== undefined) this.#readRun(type, data)
  }

  #readMissed(data: Told['data']): void {
    const [from, to] = [textOf(data['from']), textOf(data['to'])]
    const missed = this.#slots.slice(this.#places.get(from), (this.#places.get(to) ?? -1) + 1)
    if (missed.at(0) !== from || missed.at(-1) !== to || missed.length !== Number(data['count']))
      this.faults.push(
        `${from} to ${to} are ${missed.length} times, and ${Number(data['count'])} were missed`,
      )
    for (const slot of missed) {
      if (this.#stages.has(slot)) this.faults.push(`${slot} is missed after it was decided`)
      this.#decide(slot, textOf(data['at']))
      this.#stages.set(slot, 'missed')
    }
  }

  #readRun(type: string, data: Told['data']): void {
    const [run, slot] = [textOf(data['run']), textOf(data['slot'])]
    const isOfSlot = data['slot'] !== undefined && data['cause'] !== 'backfill'
    // Runs are known by the time that they are for, as far as an event says it, and by their names after that.
    const name = isOfSlot ? slot : (this.#slotOf.get(run) ?? run)
    if (isOfSlot) this.#slotOf.set(run, slot)
    const stage = this.#stages.get(name)
    if (MAY_FOLLOW[type]?.includes(stage) !== true)
      this.faults.push(`${name}: ${type} comes after it was ${stage ?? 'never heard of'}`)
    if (type === 'CRON_RUN_STARTED') this.#start(name, Number(data['attempt']))
    if (isOfSlot && stage === undefined) this.#decide(slot, textOf(data['at']))
    const next = LEADS_TO[type]
    if (next !== undefined) this.#stages.set(name, next)
  }

  #start(name: string, attempt: number): void {
    const last = this.#attempts.get(name) ?? 0
    if (attempt !== last + 1) this.faults.push(`${name}: attempt ${attempt} starts after attempt ${last}`)
    this.#attempts.set(name, attempt)
  }

  #decide(slot: string, at: string): void {
    if (at < slot) this.faults.push(`${slot} is decided at ${at} already`)
    const place = this.#places.get(slot)
    if (place === undefined) this.faults.push(`${slot} is no time of the schedule`)
    else if (place < this.#lastPlace)
      this.faults.push(`${slot} is decided after ${this.#slots[this.#lastPlace] ?? ''}`)
    this.#lastPlace = Math.max(this.#lastPlace, place ?? -1)
  }
}
