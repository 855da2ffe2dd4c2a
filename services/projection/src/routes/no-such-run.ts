import { DaybookError } from '@daybook/errors'

/** Code: `not-found`. */
export function noSuchRun(id: string): DaybookError {
  return new DaybookError('not-found', `There is no run ${id}. GET /v1/runs lists the runs.`)
}
