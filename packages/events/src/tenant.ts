/** A tenant is one subject token and one header value: lower case, up to 63 characters. */
export const TENANT_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$'
const tenant = new RegExp(TENANT_PATTERN)

/** Whether `text` can name a tenant. */
export function isTenant(text: string): boolean {
  return tenant.test(text)
}
