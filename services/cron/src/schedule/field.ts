import { DaybookError } from '@daybook/errors'

/** One of the fields of an expression: what it counts, and in which bounds. */
export interface Field {
  readonly plural: string
  readonly min: number
  readonly max: number
  /** The first is that of `min`. */
  readonly names?: readonly string[]
  /** Whether the last value is followed by the first, so that a range may go past the end (`22-2`). */
  readonly circular?: boolean
}

const monthNames = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const weekdayNames = 'SUN MON TUE WED THU FRI SAT'.split(' ')

/** Sunday is 0, and 7 as well. Months differ in length, and years do not come back, so these two are not circular. */
export const fields = {
  second: { plural: 'seconds', min: 0, max: 59, circular: true },
  minute: { plural: 'minutes', min: 0, max: 59, circular: true },
  hour: { plural: 'hours', min: 0, max: 23, circular: true },
  day: { plural: 'days of the month', min: 1, max: 31 },
  month: { plural: 'months', min: 1, max: 12, names: monthNames, circular: true },
  weekday: { plural: 'days of the week', min: 0, max: 7, names: weekdayNames, circular: true },
  // The range that the Open Cron Pattern Specification names; reading stops at its end.
  year: { plural: 'years', min: 1970, max: 2199 },
} as const satisfies Record<string, Field>

export type FieldName = keyof typeof fields

/** That a schedule cannot be read. Code: `invalid-schedule`. */
export function unreadable(why: string): DaybookError {
  return new DaybookError('invalid-schedule', why)
}

/** That one item of a field cannot be read, and what to write instead. */
export function unreadableItem(field: Field, item: string, advice: string): DaybookError {
  return unreadable(`'${item}' in the ${field.plural}: ${advice}`)
}

/** `1-5`, `*`, `MON`, each with or without `/2`; in groups: star, from, to, step. */
const ITEM = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/

/**
 * The values of one item of a field, each once, in the order of the range. `5/15` goes from 5 to the end of the field.
 * Code: `invalid-schedule`.
 */
export function valuesOf(field: Field, item: string): number[] {
  const found = ITEM.exec(item)
  if (found === null) throw misfit(field, item)
  const [, star, first = '', last, step] = found
  const stepBy = stepOf(field, item, step)
  const from = star === undefined ? valueOf(field, item, first) : field.min
  const openEnd = star !== undefined || step !== undefined
  const to = last === undefined ? (openEnd ? endOf(field) : from) : valueOf(field, item, last)
  if (from > to && field.circular !== true)
    throw unreadableItem(field, item, `a range goes upwards; write '${to}-${from}', or a list`)
  const values =
    from <= to ? counting(from, to) : [...counting(from, endOf(field)), ...counting(field.min, to)]
  return values.filter((_, index) => index % stepBy === 0)
}

/** 7 is Sunday once more, and a range without an end does not come to it. */
function endOf(field: Field): number {
  return field === fields.weekday ? field.max - 1 : field.max
}

function counting(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** A number, or a name. Code: `invalid-schedule`. */
export function valueOf(field: Field, item: string, text: string): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1
  if (named >= 0) return field.min + named
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (value >= field.min && value <= field.max) return value
  throw misfit(field, item)
}

function stepOf(field: Field, item: string, step: string | undefined): number {
  if (step === undefined) return 1
  const size = endOf(field) - field.min + 1
  if (Number(step) >= 1 && Number(step) <= size) return Number(step)
  const instead =
    Number(step) === 0
      ? 'a step is at least 1'
      : `a step begins anew in each field, so it is at most ${size}; for 'every so often' write everyMs instead of cron`
  throw unreadableItem(field, item, instead)
}

function misfit(field: Field, item: string): DaybookError {
  const { min, max, names } = field
  const named = names === undefined ? '' : `, or ${names[0]} to ${names.at(-1)}`
  return unreadableItem(field, item, `write ${min} to ${max}${named}${adviceOn(item)}`)
}

/** For forms of other dialects, and for what is easily mistyped. */
function adviceOn(item: string): string {
  if (item.startsWith('/')) return `; a step needs a start: '*${item}'`
  if (item === '') return '; there is nothing between two commas'
  if (item.includes('?')) return "; '?' stands for '*' in the days only, and by itself"
  if (/^(?:L.*|\d+L)$/i.test(item)) return '; L is for the days of the month, and behind a day of the week'
  if (/^\d+W$/i.test(item)) return '; W is for a day of the month: 15W'
  if (item.includes('#')) return '; # is for the days of the week: FRI#2'
  if (item.startsWith('+')) return "; '+' is for the beginning of the days of the week"
  if (/^H\b/i.test(item)) return '; H is of Jenkins: choose a value, or use jitterMs'
  return ''
}
