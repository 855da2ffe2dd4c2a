import type { Hook } from '../src/hooks/hook.ts'
import type { HookSettings } from '../src/hooks/hook-settings.ts'
import { readHook } from '../src/hooks/read-hook.ts'
import type { IncomingMessage } from '../src/receive.ts'
import { discordPublicKey, standardSecret } from './signed-requests.ts'

export const JSON_TYPE = 'application/json'
export const FORM_TYPE = 'application/x-www-form-urlencoded'

type Scheme = HookSettings['verify']

export interface Asked {
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Besides those that the scheme needs. */
  readonly settings?: object
}

/** What a webhook makes of a request whose signature is valid. */
export function reading(
  verify: Scheme,
  body: string | Uint8Array,
  asked: Asked = {},
): ReturnType<Hook['read']> {
  const needed = verify === 'hmac' ? { header: 'X-Sign', messageId: { pointer: '/id' } } : {}
  const settings = { verify, secrets: [{ env: 'SECRET' }], ...needed, ...asked.settings }
  const place = { source: 'here', account: 'bot-2', at: '' }
  const read = readHook(place, settings, { SECRET: secretOf(verify) })
  if ('faults' in read) throw new Error(JSON.stringify(read.faults))
  const given = { 'content-type': asked.type ?? JSON_TYPE, ...asked.headers }
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, [value]]))
  return read.hook.read({ headers, body: Buffer.from(body) })
}

function secretOf(verify: Scheme): string {
  return verify === 'discord' ? discordPublicKey : standardSecret
}

export function messageOf(...asked: Parameters<typeof reading>): IncomingMessage {
  const read = reading(...asked)
  if ('message' in read) return read.message
  throw new Error('this is a handshake')
}
