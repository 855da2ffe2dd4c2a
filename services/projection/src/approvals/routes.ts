import type { HttpPlugin } from '@daybook/runtime'
import { decideApprovalRoute } from './decide-route.ts'
import type { DecidingParts } from './deciding.ts'
import { exportApprovalsRoute } from './export-route.ts'
import { getApprovalRoute, listApprovalsRoute } from './read-routes.ts'

/** What runs ask people, over HTTP. */
export function approvalRoutes<DB>(parts: DecidingParts<DB>): HttpPlugin[] {
  return [
    listApprovalsRoute(parts),
    exportApprovalsRoute(parts.projection),
    getApprovalRoute(parts),
    decideApprovalRoute(parts),
  ]
}
