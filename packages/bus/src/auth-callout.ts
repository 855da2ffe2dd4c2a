import { DaybookError } from '@daybook/errors'
import { decode, encodeAuthorizationResponse, encodeUser } from '@nats-io/jwt'
import { HOLDERS_ACCOUNT } from './accounts.ts'
import { Admitted } from './admitted.ts'
import type { Bus } from './bus.ts'
import { fieldOf } from './field.ts'
import { readBusKey } from './keys.ts'
import { type BusLogger, silentLogger } from './logger.ts'
import { CALLOUT_SUBJECT, type TokenHolder, tokenPermissions } from './permissions.ts'
import type { Subscription } from './subscribe.ts'

/** Who connects with a token, and until when the token is good. */
export interface Admission {
  readonly holder: TokenHolder
  /** By the clock of `Date`; infinity for one that is always good. */
  readonly expiresAtMs: number
}

export interface CalloutOptions {
  /** The secret half of the issuer's key (`SA…`); the server knows the public half. */
  readonly issuerSeed: string
  /** Undefined for a token that opens nothing. What it throws refuses the connection for now. */
  readonly authenticate: (token: string) => Promise<Admission | undefined>
  /** Whether a token that opened a connection still does. The connection of one that does not is ended. */
  readonly isStillGood: (tokenId: string) => Promise<boolean>
  /** How often it is asked. Default 2,000. */
  readonly lookEveryMs?: number
  /**
   * After so long the server ends a connection by itself, and who still has a good token comes back: so long at most does
   * a revoked token work if nobody is left who remembers its connection. Default one hour.
   */
  readonly lifeMsMax?: number
}

const LIFE_MS_MAX = 60 * 60_000

/** What the server writes into its questions (ADR-26). */
const REQUEST_AUDIENCE = 'nats-authorization-request'

/** What becomes of a connection: the answer to the server names one of the two. */
type Verdict = { readonly jwt: string } | { readonly error: string }

interface Question {
  /** The connection's number at its server. */
  readonly connectionId: number
  /** The key of the server that asks, for which alone the answer is meant. */
  readonly serverKey: string
  /** The key that the server made for this one connection. */
  readonly userKey: string
  readonly token: string | undefined
}

/**
 * Answers nats-server's question whether a connection may come in (auth callout, ADR-26), together with the other
 * gateways. A good token gets a user of its own, with the permissions of `tokenPermissions`; everything else is
 * refused. The token itself is neither logged nor answered. Code: `unsafe-configuration` for a seed that is none.
 */
export function answerCallouts(
  bus: Bus,
  options: CalloutOptions,
  logger: BusLogger = silentLogger,
): Subscription {
  readBusKey(options.issuerSeed, 'issuer')
  const admitted = new Admitted(bus, options, logger)
  const responding = bus.respond(CALLOUT_SUBJECT, 'gateway', async (message) => {
    const question = readQuestion(message.text())
    const verdict = await judge(question, { ...options, admitted }, logger)
    return encodeAuthorizationResponse(question.userKey, question.serverKey, options.issuerSeed, verdict, {})
  })
  return {
    async [Symbol.asyncDispose]() {
      await responding[Symbol.asyncDispose]()
      await admitted[Symbol.asyncDispose]()
    },
  }
}

async function judge(
  { token, userKey, serverKey, connectionId }: Question,
  { authenticate, issuerSeed, lifeMsMax = LIFE_MS_MAX, admitted }: CalloutOptions & { admitted: Admitted },
  logger: BusLogger,
): Promise<Verdict> {
  if (token === undefined) return { error: 'Connect with a token of Daybook.' }
  try {
    const admission = await authenticate(token)
    if (admission === undefined) return { error: 'The token is not good.' }
    const untilMs = Math.min(Date.now() + lifeMsMax, admission.expiresAtMs)
    admitted.add({ tokenId: admission.holder.tokenId, serverId: serverKey, connectionId, untilMs })
    return { jwt: await userOf(admission.holder, { userKey, issuerSeed, untilMs }) }
  } catch (err) {
    logger.error({ err }, 'a token could not be checked; the connection is refused')
    return { error: 'The token cannot be checked at the moment.' }
  }
}

function userOf(
  holder: TokenHolder,
  { userKey, issuerSeed, untilMs }: { userKey: string; issuerSeed: string; untilMs: number },
): Promise<string> {
  const { publish, subscribe } = tokenPermissions(holder)
  const permissions = { pub: { allow: [...publish], deny: [] }, sub: { allow: [...subscribe], deny: [] } }
  // Whole seconds: rounded down, since a user that outlives its token by a moment is one that it should not have been.
  const exp = Math.floor(untilMs / 1000)
  return encodeUser(holder.tokenId, userKey, issuerSeed, permissions, { aud: HOLDERS_ACCOUNT, exp })
}

/** Throws for what no server asks: it is not answered with anything that a server would take. */
function readQuestion(jwt: string): Question {
  const claims: unknown = verified(jwt)
  const asked = fieldOf(claims, 'nats')
  const options = fieldOf(asked, 'connect_opts')
  const [serverKey, userKey] = [fieldOf(claims, 'iss'), fieldOf(asked, 'user_nkey')]
  const connectionId = fieldOf(fieldOf(asked, 'client_info'), 'id')
  const isOfServer =
    fieldOf(claims, 'aud') === REQUEST_AUDIENCE && fieldOf(fieldOf(asked, 'server_id'), 'id') === serverKey
  if (
    !isOfServer ||
    typeof serverKey !== 'string' ||
    typeof userKey !== 'string' ||
    typeof connectionId !== 'number'
  )
    throw notAQuestion()
  // A client that knows no tokens sends it as a password.
  const token = [fieldOf(options, 'auth_token'), fieldOf(options, 'pass')].find(isText)
  return { serverKey, userKey, connectionId, token }
}

function verified(jwt: string): unknown {
  try {
    return decode(jwt)
  } catch {
    throw notAQuestion()
  }
}

function notAQuestion(): DaybookError {
  return new DaybookError('invalid-request', 'This is not a question of a NATS server about a connection.')
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
