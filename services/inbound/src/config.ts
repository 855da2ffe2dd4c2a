import { type Environment, type ReadModelSettings, readConfig, readModelSettings } from '@daybook/runtime'
import { Type } from 'typebox'

const settings = Type.Object({
  ...readModelSettings(7404),
  /** A JSON file with the limits and the webhooks of each source. Without it, there are no webhooks. */
  SOURCES_FILE: Type.Optional(Type.String({ minLength: 1 })),
})

export interface InboundConfig extends ReadModelSettings {
  readonly SOURCES_FILE?: string
}

/** Reads the settings of the inbound service; all faults at once (`invalid-usage`). */
export function readInboundConfig(env: Environment): InboundConfig {
  return readConfig(settings, env)
}
