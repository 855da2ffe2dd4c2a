import { backendSettings, type Environment, httpSettings, readConfig, serviceUrl } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const settings = Type.Object({
  ...backendSettings,
  ...httpSettings(7402),
  /** Where commands append their events. */
  JOURNAL_URL: serviceUrl('http://127.0.0.1:7401'),
  /** How often the read models are compared with the journal when no message comes. */
  COMPARE_MS: Type.Integer({ minimum: 10, maximum: 600_000, default: 2_000 }),
  /** Further behind the journal than this, the service says that it is not ready. */
  LAG_MAX: Type.Integer({ minimum: 0, default: 10_000 }),
})

export type ProjectionConfig = Readonly<Static<typeof settings>>

/** Reads the settings of the projection; all faults at once (`invalid-usage`). */
export function readProjectionConfig(env: Environment): ProjectionConfig {
  return readConfig(settings, env)
}
