import type { JsonObject, JsonValue } from '@daybook/errors'
import { objectOf } from '../run/read.ts'
import type { Effect } from '../run/summary.ts'

/** A sentence of the trail is one line of a screen or two, not the payload. */
const TEXT_CHARS_MAX = 300

/** At most `TEXT_CHARS_MAX` characters (UTF-16 units) of a text, on one line; a cut is shown. */
export function cut(text: string): string {
  // A payload may be large, and only its beginning is looked at.
  const beginning = text.slice(0, 2 * TEXT_CHARS_MAX)
  const line = beginning.replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ⏎ ')
  if (line.length <= TEXT_CHARS_MAX && beginning.length === text.length) return line
  // No half of a pair of surrogates is left over.
  return `${line.slice(0, TEXT_CHARS_MAX - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** A value that a reader is to see: a text as it is, anything else as JSON. */
export function shown(value: JsonValue | undefined): string {
  if (value === undefined || value === null || value === '') return ''
  return cut(typeof value === 'string' ? value : JSON.stringify(value))
}

/** The member of an object as a text for people; empty when it is not there. */
export function said(data: JsonObject, name: string): string {
  return shown(data[name])
}

/** The first of these members that says something. */
export function firstSaid(data: JsonObject, names: readonly string[]): string {
  return names.map((name) => said(data, name)).find((text) => text !== '') ?? ''
}

/** `: text`, or nothing when there is none. */
export function tail(text: string): string {
  return text === '' ? '' : `: ${text}`
}

/** Why an attempt failed: the class, which is for programs, and the text for people. */
export function failureTail(data: JsonObject): string {
  const error = objectOf(data, 'error')
  const text = [said(error, 'class'), said(error, 'message')].filter((part) => part !== '').join(': ')
  return tail(text)
}

/** What went wrong, out of an error as a program threw it. */
export function errorText(error: JsonValue | undefined): string {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return shown(error)
  const [name, message] = [said(error, 'name'), said(error, 'message')]
  if (message === '') return name === '' ? shown(error) : name
  return name === '' || name === 'Error' ? message : cut(`${name}: ${message}`)
}

/** What people know an effect by: its label, else its task. */
export function effectName({
  label,
  taskId,
  effectId,
}: Pick<Effect, 'label' | 'taskId' | 'effectId'>): string {
  return cut(label || taskId || effectId)
}

/** `shell “lint web”`; of an effect that is not known here, only its id. */
export function effectPhrase(effect: Effect | undefined, data: JsonObject): string {
  if (effect !== undefined) return `${cut(effect.kind)} “${effectName(effect)}”`
  const effectId = said(data, 'effectId')
  return effectId === '' ? 'an effect without a name' : `effect ${effectId}`
}
