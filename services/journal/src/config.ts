import { DaybookError } from '@daybook/errors'
import { backendSettings, type Environment, httpSettings, readConfig } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const settings = Type.Object({
  ...backendSettings,
  ...httpSettings(7401),
  /** Past this an append counts as over budget, and the log says so. */
  APPEND_BUDGET_MS: Type.Integer({ minimum: 1, default: 25 }),
  /** The largest payload of one event; larger values belong in blobs. */
  PAYLOAD_BYTES_MAX: Type.Integer({ minimum: 1_024, maximum: 1_048_576, default: 262_144 }),
  /** Runs whose last event is older than this are archived, every hour; without it only when somebody asks for it. */
  ARCHIVE_AFTER_DAYS: Type.Optional(Type.Number({ minimum: 0 })),
  /** Monitoring endpoints of the NATS servers, separated by commas. Default: port 8222 beside each of NATS_URL. */
  NATS_MONITOR_URL: Type.Optional(Type.String({ minLength: 1 })),
  /** Start on a Postgres that may lose what was acknowledged, such as one with `fsync = off`. */
  UNSAFE_DATABASE: Type.Boolean({ default: false }),
  /** Start with a NATS that acknowledges before it syncs, or cannot be asked whether it does. */
  UNSAFE_NATS: Type.Boolean({ default: false }),
  /** Refuse a NATS that lets in anybody; without it the log says so. */
  NATS_ACCOUNTS_REQUIRED: Type.Boolean({ default: false }),
})

export type JournalConfig = Readonly<Static<typeof settings>>

/** What is meant to be seen where the process is started may also be said there. */
const flags: Readonly<Record<string, keyof JournalConfig>> = {
  '--unsafe-database': 'UNSAFE_DATABASE',
  '--unsafe-nats': 'UNSAFE_NATS',
}

/**
 * Reads the settings of the journal; all faults at once (`invalid-usage`). `args` are the words of the command line;
 * those that begin with `--` are flags, which count more than the environment.
 */
export function readJournalConfig(env: Environment, args: readonly string[] = []): JournalConfig {
  const given = args.filter((arg) => arg.startsWith('--')).map((flag) => [settingOf(flag), 'true'] as const)
  return readConfig(settings, { ...env, ...Object.fromEntries(given) })
}

function settingOf(flag: string): string {
  const setting = flags[flag]
  if (setting !== undefined) return setting
  throw new DaybookError(
    'invalid-usage',
    `The journal has no flag ${flag}. It has: ${Object.keys(flags).join(', ')}.`,
  )
}
