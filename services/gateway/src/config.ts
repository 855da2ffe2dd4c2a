import { DaybookError } from '@daybook/errors'
import {
  backendSettings,
  type Environment,
  httpSettings,
  NATS_NKEY_SEED,
  readConfig,
  serviceUrl,
} from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const ADMIN_TOKEN_ADVICE = 'dbk_admin_ and at least 32 random characters, such as of: openssl rand -hex 32'

const settings = Type.Object({
  ...httpSettings(7400),
  /** Holds the tokens. */
  DATABASE_URL: backendSettings.DATABASE_URL,
  CALLER_KEY: backendSettings.CALLER_KEY,
  /** The token by which the first others are made. Only serving needs it. */
  ADMIN_TOKEN: Type.Optional(
    Type.String({ pattern: '^dbk_admin_[A-Za-z0-9-]{32,200}$', description: ADMIN_TOKEN_ADVICE }),
  ),
  JOURNAL_URL: serviceUrl('http://127.0.0.1:7401'),
  PROJECTION_URL: serviceUrl('http://127.0.0.1:7402'),
  INBOUND_URL: serviceUrl('http://127.0.0.1:7404'),
  CRON_URL: serviceUrl('http://127.0.0.1:7405'),
  /** Where holders of tokens come in over NATS; without the two seeds the gateway has nothing to do with NATS. */
  NATS_URL: Type.String({ minLength: 1, default: 'nats://127.0.0.1:4222' }),
  NATS_NKEY_SEED,
  /** Of the key with which the gateway vouches for holders of tokens. */
  NATS_ISSUER_SEED: Type.Optional(
    Type.String({
      pattern: '^SA[A-Z2-7]{56}$',
      description: 'the seed of an account of NATS, SA and 56 letters',
    }),
  ),
  /** So long at most a connection to NATS lives before its token is looked at again; for so long a revoked one works. */
  NATS_LIFE_SECONDS_MAX: Type.Integer({ minimum: 10, maximum: 86_400, default: 3_600 }),
  /** The largest append request: 4 MiB, the journal's own limit. */
  APPEND_BYTES_MAX: Type.Integer({ minimum: 1_024, default: 4_194_304 }),
  /** The largest blob: 16 MiB, the journal's own limit. */
  BLOB_BYTES_MAX: Type.Integer({ minimum: 1_024, default: 16_777_216 }),
  /** For a service's answer to begin, once it has the whole request. */
  UPSTREAM_TIMEOUT_MS: Type.Integer({ minimum: 100, default: 15_000 }),
})

export type GatewayConfig = Readonly<Static<typeof settings>>

/** Reads the settings of the gateway; all faults at once (`invalid-usage`). */
export function readGatewayConfig(env: Environment): GatewayConfig {
  return readConfig(settings, env)
}

/** Of a gateway that serves. Code: `invalid-usage` when it is not set. */
export function adminTokenOf({ ADMIN_TOKEN: token }: GatewayConfig): string {
  if (token !== undefined) return token
  throw new DaybookError(
    'invalid-usage',
    `Set ADMIN_TOKEN (or ADMIN_TOKEN_FILE) to ${ADMIN_TOKEN_ADVICE}. With it you make the other tokens.`,
  )
}
