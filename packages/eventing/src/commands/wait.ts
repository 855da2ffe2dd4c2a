import { DaybookError } from '@daybook/errors'
import { Type } from 'typebox'

/** Who waits longer asks again: proxies on the way give up on silent requests. */
const WAIT_MS_MAX = 30_000
const SECOND_MS = 1_000

/** Of a command that hands out work: how long it may take until there is some. See `waitMsOf`. */
export const wait = Type.Optional(
  Type.String({
    pattern: '^[0-9]{1,5}(ms|s)$',
    description:
      'How long to wait for work when there is none, such as 20s; at most 30s, not at all unless told',
  }),
)

/** Reads `wait`, in milliseconds. Code: `invalid-request`. */
export function waitMsOf(waits = '0s'): number {
  const waitMs = Number.parseInt(waits, 10) * (waits.endsWith('ms') ? 1 : SECOND_MS)
  if (waitMs <= WAIT_MS_MAX) return waitMs
  throw new DaybookError('invalid-request', `Wait ${WAIT_MS_MAX / SECOND_MS} s at most, and ask again.`)
}
