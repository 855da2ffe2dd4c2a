import { DaybookError } from '@daybook/errors'
import { fieldOf } from './field.ts'
import type { Permissions } from './permissions.ts'

/** Who a connection is for the server that it is connected to. */
export interface Identity {
  /** Absent on a server that lets in anybody and everybody do everything. */
  readonly permissions?: Permissions
}

/** Reads the server's answer to `$SYS.REQ.USER.INFO`. Code: `unavailable` for an answer that is none. */
export function readIdentity(text: string): Identity {
  const data = fieldOf(parsed(text), 'data')
  if (data === undefined) throw notUnderstood()
  const permissions = fieldOf(data, 'permissions')
  if (permissions === undefined) return {}
  return {
    permissions: {
      publish: allowedIn(fieldOf(permissions, 'publish')),
      subscribe: allowedIn(fieldOf(permissions, 'subscribe')),
    },
  }
}

function allowedIn(permission: unknown): string[] {
  const allowed = fieldOf(permission, 'allow')
  return Array.isArray(allowed) ? allowed.filter((subject) => typeof subject === 'string') : []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notUnderstood()
  }
}

function notUnderstood(): DaybookError {
  return new DaybookError(
    'unavailable',
    'The NATS server did not say who we are to it. Use nats-server 2.14.3 or newer.',
  )
}
