import type { AuditedEffect } from '@daybook/events'

const words = {
  requested: 'open',
  resolved_ok: 'done',
  resolved_error: 'failed',
  cancelled: 'cancelled',
} as const

/** Where an effect is, for people. */
export function statusWord(status: AuditedEffect['status']): string {
  return words[status]
}
