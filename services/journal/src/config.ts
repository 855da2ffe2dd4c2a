import { type Environment, readConfig } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const settings = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1 }),
  /** Only serving needs it. */
  NATS_URL: Type.String({ minLength: 1, default: 'nats://127.0.0.1:4222' }),
  HTTP_HOST: Type.String({ minLength: 1, default: '127.0.0.1' }),
  HTTP_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 7401 }),
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
  /** Past this an append counts as over budget, and the log says so. */
  APPEND_BUDGET_MS: Type.Integer({ minimum: 1, default: 25 }),
  /** The largest payload of one event; larger values belong in blobs. */
  PAYLOAD_BYTES_MAX: Type.Integer({ minimum: 1_024, maximum: 1_048_576, default: 262_144 }),
})

export type JournalConfig = Readonly<Static<typeof settings>>

/** Reads the settings of the journal; all faults at once (`invalid-usage`). */
export function readJournalConfig(env: Environment): JournalConfig {
  return readConfig(settings, env)
}
