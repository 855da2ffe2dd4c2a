import { backendSettings, type Environment, httpSettings, readConfig } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const settings = Type.Object({
  ...backendSettings,
  ...httpSettings(7401),
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
