import { DaybookError } from '@daybook/errors'
import { isKeyName } from '@daybook/events'
import { backendSettings, type Environment, httpSettings, readConfig } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const settings = Type.Object({
  DATABASE_URL: backendSettings.DATABASE_URL,
  ...httpSettings(7403),
  /** Names the journal in its checkpoints, and the key. A name that nobody else has, such as a host and a path. */
  ORIGIN: Type.String({ minLength: 1, maxLength: 200, default: 'daybook.local/journal' }),
  /** The key itself, or (SEAL_KEY_FILE) the file of a secret that holds it. */
  SEAL_KEY: Type.Optional(Type.String({ minLength: 1, description: 'a key, PRIVATE+KEY+name+id+base64' })),
  /** Without SEAL_KEY: the folder of the sealer alone in which the key is, and is made at the first start. */
  SEAL_FOLDER: Type.Optional(Type.String({ minLength: 1 })),
  /** New events wait for a checkpoint so long at most … */
  SEAL_INTERVAL_MS: Type.Integer({ minimum: 1_000, default: 60_000 }),
  /** … or until there are so many. */
  SEAL_EVENTS: Type.Integer({ minimum: 1, default: 1_000 }),
  /** Each anchor gets the newest checkpoint so often. */
  ANCHOR_INTERVAL_MS: Type.Integer({ minimum: 1_000, default: 300_000 }),
  /** A file to which checkpoints are added; best on a disk that this host can only append to. */
  ANCHOR_FILE: Type.Optional(Type.String({ minLength: 1 })),
  /** An endpoint that takes checkpoints by POST. */
  ANCHOR_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s/?#@]+(/\\S*)?$',
      description: 'a URL without a name and a password',
    }),
  ),
  /** What is sent to it as `Authorization`, such as `Bearer …`. */
  ANCHOR_AUTHORIZATION: Type.Optional(Type.String({ minLength: 1 })),
  /** A bucket that takes them, best one of another account, with object lock. */
  ANCHOR_S3: Type.Optional(
    Type.String({ pattern: '^s3://[a-z0-9][a-z0-9.-]{1,62}(/.*)?$', description: 's3://bucket/prefix' }),
  ),
  /** Where the S3-compatible service is, unless it is AWS. */
  ANCHOR_S3_ENDPOINT: Type.Optional(
    Type.String({ pattern: '^https?://[^\\s/?#@]+$', description: 'https://host[:port]' }),
  ),
  ANCHOR_S3_REGION: Type.Optional(Type.String({ minLength: 1 })),
  ANCHOR_S3_ACCESS_KEY_ID: Type.Optional(Type.String({ minLength: 1 })),
  ANCHOR_S3_SECRET_ACCESS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Nobody may remove a checkpoint from the bucket before. A year is what audits look back; 0 is for a bucket without lock. */
  ANCHOR_S3_LOCK_DAYS: Type.Integer({ minimum: 0, maximum: 36_500, default: 365 }),
})

export type SealerConfig = Readonly<Static<typeof settings>>

/** Reads the settings of the sealer; all faults at once (`invalid-usage`). */
export function readSealerConfig(env: Environment): SealerConfig {
  const config = readConfig(settings, env)
  if (!isKeyName(config.ORIGIN)) {
    throw new DaybookError(
      'invalid-usage',
      'ORIGIN has no blanks and no plus sign, such as example.com/journal.',
    )
  }
  if ((config.SEAL_KEY === undefined) === (config.SEAL_FOLDER === undefined)) {
    throw new DaybookError(
      'invalid-usage',
      'Set SEAL_KEY (or SEAL_KEY_FILE) to the key, or SEAL_FOLDER to the folder where it is made; one of them.',
    )
  }
  return config
}
