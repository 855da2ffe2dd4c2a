import { DaybookError } from '@daybook/errors'
import { type Caller, may, type Scope } from '@daybook/runtime'

/** Nobody hands on what they may not do themselves. Code: `forbidden`. */
export function requireGrantable(caller: Caller, wanted: readonly Scope[]): void {
  const beyond = wanted.filter((scope) => !may(caller, scope))
  if (beyond.length === 0) return
  throw new DaybookError('forbidden', `You cannot grant what you may not do: ${beyond.join(', ')}.`, {
    details: { scope: beyond.join(',') },
  })
}
