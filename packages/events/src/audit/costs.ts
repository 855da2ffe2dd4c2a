import type { Costs } from '../run/costs.ts'

/** A call often costs a fraction of a cent. */
const MONEY_DIGITS = 4

/** `1,200 in, 300 out, 0.0123 USD`; empty when nothing was counted. */
export function costText({ tokens, money }: Pick<Costs, 'tokens' | 'money'>): string {
  const counts = Object.entries(tokens).map(
    ([kind, count]) => `${Math.round(count).toLocaleString('en-US')} ${tokenName(kind)}`,
  )
  return [...counts, moneyText({ money })].filter((part) => part !== '').join(', ')
}

/** `0.0123 USD`; empty when no money was counted. */
export function moneyText({ money }: Pick<Costs, 'money'>): string {
  return Object.entries(money)
    .map(([currency, amount]) => `${amount.toFixed(MONEY_DIGITS)} ${currency}`)
    .join(', ')
}

/** `cacheReadTokens` → `cache read` */
function tokenName(kind: string): string {
  const words = kind.replace(/Tokens$/, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2')
  const name = words.toLowerCase()
  return name === 'input' ? 'in' : name === 'output' ? 'out' : name
}
