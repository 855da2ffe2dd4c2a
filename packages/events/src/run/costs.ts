import type { JsonObject } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { objectOf } from './read.ts'

const { Integer, Number: Amount, Object: Struct, Record, String: Text } = Type
const amounts = (description: string) => Record(Text(), Amount({ minimum: 0 }), { description })

const sums = {
  calls: Integer({ minimum: 1, description: 'Events COST_TRACKED' }),
  tokens: amounts('By kind, named as in the events: inputTokens, outputTokens, cacheReadTokens …'),
  money: amounts('By currency (ISO 4217), in its main unit'),
}
const sumsSchema = Struct(sums)

/** What calls of models cost, all together and by model. */
export const costsSchema = Struct({ ...sums, byModel: Record(Text(), sumsSchema) })

type Sums = Static<typeof sumsSchema>
/** See `costsSchema`. */
export type Costs = Static<typeof costsSchema>

/** Names come from events, and each takes its place in the run for ever: what comes after so many is summed up as `other`. */
const NAMES_MAX = 32
/** Longer than any model is called. */
const NAME_LENGTH_MAX = 200
const OTHER = 'other'
const TOKENS_PATTERN = /^[a-z][A-Za-z0-9]{0,60}Tokens$/
const CURRENCY_PATTERN = /^[A-Z]{3}$/

/**
 * Amounts are sums of decimal fractions, which a float cannot hold: rounded to so many after each step, a sum is exact
 * whatever the order, up to some millions. A token may cost less than a millionth of a dollar, so it is billionths.
 */
const FRACTIONS = 1e9
/** Beyond this a number is not exact any more, and rounding it would do harm. */
const ROUNDED_MAX = Number.MAX_SAFE_INTEGER / FRACTIONS

/** The sums with those of one `COST_TRACKED`. Total: what is no amount counts nothing. */
export function addCost(before: Costs | undefined, data: JsonObject): Costs {
  const cost = costOf(data)
  const { model } = data
  const byModel = before?.byModel ?? {}
  const name = nameIn(byModel, typeof model === 'string' ? model : OTHER)
  return {
    ...addSums(before, cost),
    byModel: { ...byModel, [name]: addSums(byModel[name], cost) },
  }
}

interface Cost {
  readonly tokens: readonly (readonly [string, number])[]
  readonly money: readonly (readonly [string, number])[]
}

/** `cost` says it in the currency that was paid; then `costUsd` is the same once more, and is not counted. */
function costOf(data: JsonObject): Cost {
  const tokens = Object.entries(data).filter(
    (entry): entry is [string, number] => TOKENS_PATTERN.test(entry[0]) && isAmount(entry[1]),
  )
  const { currency, amount } = objectOf(data, 'cost')
  if (typeof currency === 'string' && CURRENCY_PATTERN.test(currency) && isAmount(amount))
    return { tokens, money: [[currency, amount]] }
  const usd = data['costUsd']
  return { tokens, money: isAmount(usd) ? [['USD', usd]] : [] }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function addSums(before: Sums | undefined, { tokens, money }: Cost): Sums {
  return {
    calls: (before?.calls ?? 0) + 1,
    tokens: addAll(before?.tokens ?? {}, tokens),
    money: addAll(before?.money ?? {}, money),
  }
}

function addAll(before: Record<string, number>, added: Cost['tokens']): Record<string, number> {
  let sums = before
  for (const [name, amount] of added) {
    const kept = nameIn(sums, name)
    sums = { ...sums, [kept]: sumOf(sums[kept] ?? 0, amount) }
  }
  return sums
}

function sumOf(a: number, b: number): number {
  // More than can be counted exactly is told as the most that can.
  const sum = Math.min(a + b, Number.MAX_SAFE_INTEGER)
  return sum < ROUNDED_MAX ? Math.round(sum * FRACTIONS) / FRACTIONS : sum
}

/** Under which name something is summed up. */
function nameIn(sums: object, name: string): string {
  if (Object.hasOwn(sums, name)) return name
  return name.length <= NAME_LENGTH_MAX && Object.keys(sums).length < NAMES_MAX ? name : OTHER
}
