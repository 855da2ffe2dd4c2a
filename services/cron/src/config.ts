import { type Environment, type ReadModelSettings, readConfig, readModelSettings } from '@daybook/runtime'
import { Type } from 'typebox'

const settings = Type.Object(readModelSettings(7405))

export type CronConfig = ReadModelSettings

/** Reads the settings of the cron service; all faults at once (`invalid-usage`). */
export function readCronConfig(env: Environment): CronConfig {
  return readConfig(settings, env)
}
