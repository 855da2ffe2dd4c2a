import { DaybookError } from '@daybook/errors'
import { type Static, type TObject, Type } from 'typebox'

/** What every service can be told, to be spread into its schema. `port` is the one it listens on unless told otherwise. */
export function httpSettings(port: number) {
  return {
    HTTP_HOST: Type.String({ minLength: 1, default: '127.0.0.1' }),
    /** 0 takes a free one. */
    HTTP_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: port }),
    LOG_LEVEL: Type.Union(
      [
        Type.Literal('debug'),
        Type.Literal('info'),
        Type.Literal('warn'),
        Type.Literal('error'),
        Type.Literal('silent'),
      ],
      { default: 'info' },
    ),
  }
}

/** The address of another service. */
export function serviceUrl(url: string) {
  return Type.String({
    pattern: '^https?://[^\\s/?#]+(/[^\\s?#]*)?$',
    description: 'a URL that begins with http:// or https://, without a query',
    default: url,
  })
}

/** Who the service is on a NATS server with accounts. */
export const NATS_NKEY_SEED = Type.Optional(
  Type.String({ pattern: '^SU[A-Z2-7]{56}$', description: 'the seed of a user of NATS, SU and 56 letters' }),
)

const CALLER_KEY = Type.Optional(
  Type.String({
    minLength: 32,
    description: 'at least 32 random characters, such as of: openssl rand -hex 32',
  }),
)

/** Of a process that serves. Code: `invalid-usage` when it is not set. */
export function callerKeyOf({ CALLER_KEY: key }: { CALLER_KEY?: string }): string {
  if (key !== undefined) return key
  throw new DaybookError(
    'invalid-usage',
    'Set CALLER_KEY (or CALLER_KEY_FILE) to at least 32 random characters, such as of: openssl rand -hex 32. ' +
      'It is the same for the gateway and all services.',
  )
}

/** Where the services behind the gateway keep and send things. */
export const backendSettings = {
  DATABASE_URL: Type.String({
    minLength: 1,
    description: 'the address of the database, postgres://user:password@host/name',
  }),
  /** Only serving needs it. */
  NATS_URL: Type.String({ minLength: 1, default: 'nats://127.0.0.1:4222' }),
  NATS_NKEY_SEED,
  /** What the gateway and the services share, so that these know whose request it passes on. Only serving needs it. */
  CALLER_KEY,
  /** The window of the journal that JetStream keeps. The same for all services: each makes the stream so. */
  EVENTS_AGE_HOURS_MAX: Type.Integer({ minimum: 1, maximum: 87_600, default: 168 }),
  EVENTS_BYTES_MAX: Type.Integer({ minimum: 1_048_576, default: 1_073_741_824 }),
  /** Where archived payloads are: a folder, or `s3://bucket/prefix`. */
  ARCHIVE_TO: Type.Optional(Type.String({ minLength: 1 })),
  /** Of an S3-compatible service that is not AWS. */
  ARCHIVE_S3_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://' })),
  ARCHIVE_S3_REGION: Type.Optional(Type.String({ minLength: 1 })),
  ARCHIVE_S3_ACCESS_KEY_ID: Type.Optional(Type.String({ minLength: 1 })),
  ARCHIVE_S3_SECRET_ACCESS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** A collector of traces that speaks OTLP over HTTP; without one there are no traces. */
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://' })),
}

/** What every service with read models can be told. `port` is the one it listens on unless told otherwise. */
export function readModelSettings(port: number) {
  return {
    ...backendSettings,
    ...httpSettings(port),
    /** Where commands append their events. */
    JOURNAL_URL: serviceUrl('http://127.0.0.1:7401'),
    /** How often the read models are compared with the journal when no message comes. */
    COMPARE_MS: Type.Integer({ minimum: 10, maximum: 600_000, default: 2_000 }),
    /** Further behind the journal than this, the service says that it is not ready. */
    LAG_MAX: Type.Integer({ minimum: 0, default: 10_000 }),
  }
}

/** As they are read. */
export type ReadModelSettings = Readonly<Static<TObject<ReturnType<typeof readModelSettings>>>>
