import { fields, unreadableItem, valueOf, valuesOf } from './field.ts'

const { day, weekday } = fields

/** The days of the month as croner reads them: numbers, `L`, `15W`, `LW`. Code: `invalid-schedule`. */
export function dayItems(text: string): readonly string[] {
  const items = text.split(',')
  if (items.length > 1 && items.some((item) => item.toUpperCase() === 'LW'))
    throw unreadableItem(day, text, 'LW stands by itself; write another job for the other days')
  return items.flatMap(dayItem)
}

/** The days of the week as croner reads them: numbers from 0, `5#2`, `5#L`. Code: `invalid-schedule`. */
export function weekdayItems(text: string): readonly string[] {
  return text.split(',').flatMap(weekdayItem)
}

function dayItem(item: string): readonly string[] {
  const upper = item.toUpperCase()
  if (upper === 'L' || upper === 'LW') return [upper]
  if (upper === 'WL') throw unreadableItem(day, item, 'write LW for the last weekday of the month')
  if (upper.startsWith('L-'))
    throw unreadableItem(day, item, 'days cannot be counted back from the last one; write L, or a day')
  const nearest = /^(\d+)W$/.exec(upper)
  if (nearest !== null) return [`${valueOf(day, item, nearest[1] ?? '')}W`]
  if (upper.endsWith('W') && upper.includes('-'))
    throw unreadableItem(day, item, 'W is for a single day, not for a range; write a list: 1W,15W')
  return valuesOf(day, item).map(String)
}

function weekdayItem(item: string): readonly string[] {
  const [which = '', nth, ...more] = item.toUpperCase().split('#')
  if (which.includes('-') && (nth !== undefined || which.endsWith('L')))
    throw unreadableItem(weekday, item, 'L and # are for a single day; write a list: MON#2,TUE#2')
  if (nth !== undefined) {
    if (more.length === 0 && /^[1-5L]$/.test(nth) && which !== '') return [`${numberOf(item, which)}#${nth}`]
    throw unreadableItem(weekday, item, 'write a day, # and 1 to 5, or L for the last: FRI#2, FRI#L')
  }
  if (which === 'L')
    throw unreadableItem(weekday, item, 'the last of which day? Write FRI#L, or L as the day of the month')
  const last = /^(\w+)L$/.exec(which)
  if (last !== null) return [`${numberOf(item, last[1] ?? '')}#L`]
  return valuesOf(weekday, item).map((value) => String(value % 7))
}

function numberOf(item: string, text: string): number {
  return valueOf(weekday, item, text) % 7
}
