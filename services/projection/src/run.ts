import { migrateService, runService } from '@daybook/eventing'
import type { ProjectionConfig } from './config.ts'
import { openProjection, projectionMigrations } from './service.ts'

/** Serves until the signal aborts. */
export async function runProjection(config: ProjectionConfig, signal: AbortSignal): Promise<void> {
  await runService('projection', { config, signal }, openProjection)
}

/** Brings the tables of the read models up to date; run it as their owner, after the journal's. */
export async function migrateProjection(config: ProjectionConfig): Promise<void> {
  await migrateService(config, projectionMigrations)
}
