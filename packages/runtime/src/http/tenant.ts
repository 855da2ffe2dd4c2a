import { DaybookError } from '@daybook/errors'
import { isTenant } from '@daybook/events'
import type { FastifyRequest } from 'fastify'

/** Header by which the gateway tells the services whose request it is. A caller's own is removed by the gateway. */
export const TENANT_HEADER = 'daybook-tenant'

const DEFAULT_TENANT = 'main'

/** The tenant of a request that came through the gateway; `main` if none is named. `invalid-request` otherwise. */
export function tenantOf(request: FastifyRequest): string {
  const tenant = request.headers[TENANT_HEADER] ?? DEFAULT_TENANT
  if (typeof tenant === 'string' && isTenant(tenant)) return tenant
  throw new DaybookError('invalid-request', `The header ${TENANT_HEADER} does not hold the name of a tenant.`)
}
