import { type Environment, type ReadModelSettings, readConfig, readModelSettings } from '@daybook/runtime'
import { Type } from 'typebox'

const settings = Type.Object(readModelSettings(7402))

export type ProjectionConfig = ReadModelSettings

/** Reads the settings of the projection; all faults at once (`invalid-usage`). */
export function readProjectionConfig(env: Environment): ProjectionConfig {
  return readConfig(settings, env)
}
