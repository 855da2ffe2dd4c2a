import { DaybookError, type ErrorCode } from '@daybook/errors'

/** Throws for the character at index `at` of a JSON text; the message counts bytes, as the sender sees them. */
export function refuse(text: string, at: number, fault: { code: ErrorCode; reason: string }): never {
  const byte = Buffer.byteLength(text.slice(0, at))
  throw new DaybookError(fault.code, `At byte ${byte} of the JSON: ${fault.reason}.`, { details: { byte } })
}

/** The same for what is not JSON at all. */
export function refuseSyntax(text: string, at: number, reason: string): never {
  return refuse(text, at, { code: 'invalid-json', reason })
}
