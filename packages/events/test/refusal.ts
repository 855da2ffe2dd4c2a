import { DaybookError } from '@daybook/errors'

/** How an act was refused; the code is `accepted` when it was not. */
export interface Refusal {
  code: string
  message: string
}

/** Runs an act and gives its refusal. An error without a code of ours goes on, as it is a bug. */
export function refusalOf(act: () => unknown): Refusal {
  try {
    act()
    return { code: 'accepted', message: '' }
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    return { code: error.code, message: error.message }
  }
}
