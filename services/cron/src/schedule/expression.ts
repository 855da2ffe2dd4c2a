import { dayItems, weekdayItems } from './day-items.ts'
import { type Field, type FieldName, fields, unreadable, valuesOf } from './field.ts'

/** What a cron expression says, apart from any time zone. */
export interface Expression {
  /** Each ascending and not empty. */
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** Which days: day of the month, month, day of the week, year, as croner reads them. Equal for equal days. */
  readonly days: string
  /** Whether both kinds of day have to fit, where both are given, and not either of them. */
  readonly bothDays: boolean
  /** Whether neither the minutes nor the hours have a star: what cron(8) calls a fixed time. */
  readonly fixed: boolean
}

const nicknames: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

/**
 * Reads five fields (minute, hour, day of the month, month, day of the week), six with seconds before them, or seven with
 * years behind those; or a nickname. The form is that of the Open Cron Pattern Specification 1.4, and beyond it `5/15`, ranges
 * past the end of a circular field (`22-2`), and `LW`. Code: `invalid-schedule`; the message says what to write instead.
 */
export function readExpression(cron: string, domDow: 'or' | 'and'): Expression {
  const text = cron.trim()
  const parts = (text.startsWith('@') ? fromNickname(text) : text).split(/\s+/)
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = sevenOf(parts)
  const required = weekday.startsWith('+')
  return {
    seconds: numbers('second', second),
    minutes: numbers('minute', minute),
    hours: numbers('hour', hour),
    days: [
      restricting(day, dayItems),
      listed(fields.month, month),
      restricting(required ? weekday.slice(1) : weekday, weekdayItems),
      listed(fields.year, year),
    ].join(' '),
    bothDays: required || domDow === 'and',
    fixed: !hasStar(minute) && !hasStar(hour),
  }
}

function fromNickname(text: string): string {
  const known = nicknames.get(text)
  if (known !== undefined) return known
  if (nicknames.has(text.toLowerCase())) throw unreadable(`'${text}': write ${text.toLowerCase()}`)
  if (/^@every\b/i.test(text))
    throw unreadable(`'${text}': write {"everyMs": 300000} as the schedule for every five minutes`)
  if (/^@reboot\b/i.test(text))
    throw unreadable(
      `'${text}': nothing restarts here that could be waited for; write {"at": "…"} to run once`,
    )
  const [first = ''] = text.split(/\s+/)
  if (nicknames.has(first)) throw unreadable(`'${text}': ${first} stands by itself; leave the rest out`)
  throw unreadable(`'${text}': write one of ${[...nicknames.keys()].join(', ')}, or five fields`)
}

function sevenOf(parts: readonly string[]): readonly string[] {
  if (/^(?:CRON_)?TZ=/.test(parts[0] ?? ''))
    throw unreadable('A time zone is not part of cron; say it in timezone')
  if (parts.length === 5) return ['0', ...parts, '*']
  if (parts.length === 6) return [...parts, '*']
  if (parts.length === 7) return parts
  throw unreadable(
    `${parts.length} fields: write five (minute, hour, day of the month, month, day of the week), six with seconds before them, or seven with years behind those`,
  )
}

function hasStar(text: string): boolean {
  return text.split(',').some((item) => item.startsWith('*'))
}

function numbers(name: FieldName, text: string): number[] {
  return ascending(text.split(',').flatMap((item) => valuesOf(fields[name], item)))
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((left, right) => left - right)
}

/** A field that is just a star restricts nothing; one that lists all that there is does, as far as days are concerned. */
function listed(field: Field, text: string): string {
  return text === '*' ? '*' : ascending(text.split(',').flatMap((item) => valuesOf(field, item))).join(',')
}

function restricting(text: string, read: (text: string) => readonly string[]): string {
  return text === '*' || text === '?' ? '*' : [...new Set(read(text))].toSorted().join(',')
}
