import { isTenant } from '@daybook/events'
import type { Environment } from '@daybook/runtime'
import { Check } from 'typebox/value'
import { type Fault, faultsOf } from '../faults.ts'
import { type Hook, openHook, platformOf } from './hook.ts'
import { type HookSettings, hookSchemas } from './hook-settings.ts'
import type { Scheme } from './schemes/scheme.ts'
import { readSecret } from './secrets.ts'

/** Where the messages of a webhook go that names no tenant. */
const USUAL_TENANT = 'main'
/** What may open something, and what the gateway does not pass on. */
const SECRET_HEADER = /signature|secret|token|api-?key|^authorization$|^cookie$|^daybook-/
/** Ids of one request, made on its way: a repetition has another one. */
const REQUEST_ID_HEADER =
  /^(x-)?(request|correlation|trace|transaction|vercel|fly-request|amz-cf|amzn-trace|amzn-request)-?id$|^x-b3-|^traceparent$|^cf-ray$|^x-cloud-trace-context$|^date$|timestamp$/

export interface HookPlace {
  readonly source: string
  readonly account: string
  /** In the file, for what is wrong with it. */
  readonly at: string
}

/** Opens a webhook with its secrets, or says all that is wrong with its settings. */
export function readHook(
  { source, account, at }: HookPlace,
  value: unknown,
  environment: Environment,
): { hook: Hook } | { faults: Fault[] } {
  const settings = settingsOf(value, at)
  if (Array.isArray(settings)) return { faults: settings }
  const { keys, faults: faultsOfSecrets } = readKeys(settings, platformOf(settings).scheme, {
    at,
    environment,
  })
  const faults = [...faultsOfTenant(settings, at), ...faultsOfHeaders(settings, at), ...faultsOfSecrets]
  if (faults.length > 0) return { faults }
  const { tenant = USUAL_TENANT } = settings
  return { hook: openHook({ source, account, tenant, settings, keys }) }
}

function settingsOf(value: unknown, at: string): HookSettings | Fault[] {
  const { any, platform, hmac } = hookSchemas
  if (!Check(any, value)) return faultsOf(any, value, at)
  if (value.verify === 'hmac') return Check(hmac, value) ? value : faultsOf(hmac, value, at)
  return Check(platform, value) ? value : faultsOf(platform, value, at)
}

function faultsOfTenant({ tenant = USUAL_TENANT }: HookSettings, at: string): Fault[] {
  return isTenant(tenant) ? [] : [{ path: `${at}/tenant`, detail: 'is not the name of a tenant' }]
}

function faultsOfHeaders(settings: HookSettings, at: string): Fault[] {
  const { messageId, conversation, eventTime, keepHeaders = [] } = settings
  const places = Object.entries({ messageId, conversation, eventTime })
  const named = places.flatMap(([name, place]) =>
    place?.header === undefined ? [] : [{ name, header: place.header }],
  )
  const kept = keepHeaders.map((header, index) => ({ name: `keepHeaders/${index}`, header }))
  const signedWith = settings.verify === 'hmac' ? settings.header.toLowerCase() : undefined
  const secret = [...named, ...kept]
    .filter(({ header }) => SECRET_HEADER.test(header.toLowerCase()) || header.toLowerCase() === signedWith)
    .map(({ name }) => ({
      path: `${at}/${name}`,
      detail: 'names a header that holds a secret or a signature',
    }))
  const unstable = [...named.filter(({ name }) => name !== 'eventTime'), ...kept]
    .filter(({ header }) => REQUEST_ID_HEADER.test(header.toLowerCase()))
    .map(({ name }) => ({
      path: `${at}/${name}`,
      detail: 'names a header that differs when a message is sent again',
    }))
  return [...secret, ...unstable, ...faultsOfSignature(signedWith, at)]
}

/** The gateway passes neither on. */
function faultsOfSignature(header: string | undefined, at: string): Fault[] {
  if (header === undefined || !/^(authorization|cookie|daybook-.*)$/.test(header)) return []
  return [{ path: `${at}/header`, detail: 'names a header that is not passed on to webhooks' }]
}

function readKeys(
  { secrets }: HookSettings,
  { keyOf, secret }: Scheme,
  { at, environment }: { at: string; environment: Environment },
): { keys: Uint8Array[]; faults: Fault[] } {
  const keys: Uint8Array[] = []
  const faults: Fault[] = []
  for (const [index, place] of secrets.entries()) {
    const path = `${at}/secrets/${index}`
    const read = readSecret(place, environment)
    const key = 'text' in read ? keyOf(read.text) : undefined
    if ('fault' in read) faults.push({ path, detail: read.fault })
    else if (key === undefined) faults.push({ path, detail: `what is there is not ${secret}` })
    else keys.push(key)
  }
  return { keys, faults }
}
