import { DaybookError } from '@daybook/errors'
import { shown } from '../json/shown.ts'

/** Why a schema is not taken; `path` is the place in it, such as `schema.properties.total`. */
export function refuseSchema(path: string, detail: string): DaybookError {
  const place = shown(path)
  return new DaybookError('invalid-schema', `${place} ${shown(detail)}.`, { details: { path: place } })
}
