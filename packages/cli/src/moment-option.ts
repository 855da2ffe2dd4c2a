import { InvalidArgumentError } from 'commander'
import { instantOption } from './instant-option.ts'

/** A moment as an option takes it: the seq of an event, or whatever `instantOption` takes. */
export function momentOption(text: string): number | string {
  if (!/^\d+$/.test(text)) return instantOption(text)
  const seq = Number(text)
  if (Number.isSafeInteger(seq)) return seq
  throw new InvalidArgumentError('There is no event with so large a seq.')
}

/** For the help of such an option. */
export const momentHelp = 'the seq of an event, or an instant (2026-11-21, 2026-11-21T08:00:00Z, 24h ago)'
