import { DaybookError, type JsonObject } from '@daybook/errors'
import type { IncomingMessage } from '../receive.ts'
import { type KeptBody, readBody } from './body.ts'
import { type HeaderValues, onlyValue } from './headers.ts'
import type { HookSettings, Place, PlatformName } from './hook-settings.ts'
import { valueAt, withoutMembers } from './json-pointer.ts'
import { type Delivery, firstText, idInHeader, instantAt, type MessageNames } from './names.ts'
import { discord } from './platforms/discord.ts'
import { genericPlatform } from './platforms/generic.ts'
import { github } from './platforms/github.ts'
import type { HookAnswer, Platform } from './platforms/platform.ts'
import { slack } from './platforms/slack.ts'
import { standardWebhooks } from './platforms/standard-webhooks.ts'
import { stripe } from './platforms/stripe.ts'
import { telegram } from './platforms/telegram.ts'
import type { SignedRequest, Verdict } from './schemes/scheme.ts'

const platforms: Readonly<Record<PlatformName, Platform>> = {
  github,
  slack,
  stripe,
  telegram,
  discord,
  'standard-webhooks': standardWebhooks,
}

/** What has neither chat nor user shares one lane. */
const NO_CONVERSATION = 'none'

/** Where the webhooks of one account come in. Its secrets are within, and nothing shows them. */
export interface Hook {
  readonly source: string
  readonly account: string
  /** Whose the messages are. */
  readonly tenant: string
  /** Pure. `nowMs`: see `Scheme`. */
  verify(request: SignedRequest, nowMs: number): Verdict
  /** What a request that is signed says. Code: `no-message-id`. */
  read(request: SignedRequest): HookReading
}

/** A message and, where the platform wants another answer than ours, that; or an answer alone. */
type HookReading =
  | { readonly message: IncomingMessage; readonly answer?: HookAnswer | undefined }
  | { readonly handshake: HookAnswer }

export interface HookParts {
  readonly source: string
  readonly account: string
  readonly tenant: string
  readonly settings: HookSettings
  /** Of its secrets, see `Scheme.keyOf`. */
  readonly keys: readonly Uint8Array[]
}

/** How the webhooks of these settings are signed and read, before anything that the settings say otherwise. */
export function platformOf(settings: HookSettings): Platform {
  if (settings.verify !== 'hmac') return platforms[settings.verify]
  const { header, prefix = '', encoding = 'hex' } = settings
  return genericPlatform({ header: header.toLowerCase(), prefix, encoding })
}

export function openHook({ source, account, tenant, settings, keys }: HookParts): Hook {
  const platform = platformOf(settings)
  return {
    source,
    account,
    tenant,
    verify: (request, nowMs) => platform.scheme.verify(request, keys, nowMs),
    read({ headers, body }) {
      const { kept, value } = readBody(body, onlyValue(headers, 'content-type'))
      const handshake = platform.handshake?.(value)
      if (handshake !== undefined) return { handshake }
      const names = namesOf({ headers, value }, settings, platform)
      const { messageId, eventTime, conversation = NO_CONVERSATION } = names
      if (messageId === undefined) throw withoutId(settings)
      const identity = { source, account, conversation, messageId }
      const payload = {
        headers: keptHeaders(headers, kept, { settings, platform }),
        ...keptBody(kept, settings, platform),
      }
      const message = { ...identity, payload, ...(eventTime !== undefined && { eventTime }) }
      return { message, answer: platform.answer?.(value) }
    },
  }
}

/** What the settings name is looked for there and nowhere else: another place would be another id. */
function namesOf(delivery: Delivery, settings: HookSettings, platform: Platform): MessageNames {
  const usual = platform.names(delivery)
  const { messageId, conversation, eventTime } = settings
  return {
    messageId: messageId === undefined ? usual.messageId : textOf(delivery, messageId),
    conversation: conversation === undefined ? usual.conversation : textOf(delivery, conversation),
    eventTime: eventTime === undefined ? usual.eventTime : instantOf(delivery, eventTime),
  }
}

function textOf({ headers, value }: Delivery, { pointer, header }: Place): string | undefined {
  if (header !== undefined) return idInHeader(headers, header.toLowerCase())
  return pointer === undefined ? undefined : firstText(value, [pointer])
}

function instantOf({ headers, value }: Delivery, { pointer, header }: Place): string | undefined {
  if (header !== undefined) return instantAt(onlyValue(headers, header.toLowerCase()), [''])
  return pointer === undefined ? undefined : instantAt(valueAt(value, pointer), [''])
}

/** A body that is no JSON says nothing about itself: how it is to be read stands in its headers. */
function keptHeaders(
  headers: HeaderValues,
  kept: KeptBody,
  { settings, platform }: { settings: HookSettings; platform: Platform },
): JsonObject {
  const { keepHeaders = [] } = settings
  const ofBody = 'bodyAs' in kept ? ['content-type', 'content-encoding'] : []
  const names = new Set([
    ...platform.keptHeaders,
    ...keepHeaders.map((name) => name.toLowerCase()),
    ...ofBody,
  ])
  const values = [...names].map((name) => [name, headers[name]?.join(', ')] as const)
  return Object.fromEntries(values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function keptBody(kept: KeptBody, { leaveOut = [] }: HookSettings, { leftOut }: Platform): JsonObject {
  if ('bodyAs' in kept) return { ...kept }
  return { body: withoutMembers(kept.body, [...leftOut, ...leaveOut]) }
}

function withoutId({ messageId }: HookSettings): DaybookError {
  const place = messageId?.pointer ?? messageId?.header
  const where = place === undefined ? 'where this platform puts it' : `at ${place}`
  const message = `The request has no id ${where}, of 1 to 500 characters: a repetition of it could not be recognised. Nothing was kept. Set messageId in the settings of the webhook to where the id is.`
  return new DaybookError('no-message-id', message)
}
