import { DaybookError } from '@daybook/errors'
import { isTenant } from '@daybook/events'

/**
 * The third word of `daybook.rpc.<tenant>.…` and `daybook.queue.<tenant>.…`; the server's permissions vouch for it.
 * Undefined if that cannot be the name of a tenant.
 */
export function tenantOfSubject(subject: string): string | undefined {
  const tenant = subject.split('.')[2] ?? ''
  return isTenant(tenant) ? tenant : undefined
}

/** The same. Code: `invalid-request` where there is none. */
export function tenantOf(subject: string): string {
  const tenant = tenantOfSubject(subject)
  if (tenant !== undefined) return tenant
  const message = `"${subject.split('.')[2] ?? ''}" in the subject is not the name of a tenant.`
  throw new DaybookError('invalid-request', message)
}
