import { migrateService, runService } from '@daybook/eventing'
import type { CronConfig } from './config.ts'
import { cronMigrations, openCron } from './service.ts'

/** Serves until the signal aborts. */
export async function runCron(config: CronConfig, signal: AbortSignal): Promise<void> {
  await runService('cron', { config, signal }, openCron)
}

/** Brings the tables of jobs up to date; run it as their owner, after the journal's. */
export async function migrateCron(config: CronConfig): Promise<void> {
  await migrateService(config, cronMigrations)
}
