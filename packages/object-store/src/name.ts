import { DaybookError } from '@daybook/errors'

/** No empty part, none that begins with a dot: a name can never lead out of its folder. */
const NAME = /^[A-Za-z0-9_=-][A-Za-z0-9_.=-]*(\/[A-Za-z0-9_=-][A-Za-z0-9_.=-]*)*$/

/** Errors: `invalid-usage`. */
export function requireName(name: string): void {
  if (NAME.test(name)) return
  throw new DaybookError('invalid-usage', `"${name}" is not a name that an object store takes.`)
}
