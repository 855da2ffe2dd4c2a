import { runUntilSignalled } from '@daybook/runtime'
import { readProjectionConfig } from './config.ts'
import { migrateProjection, runProjection } from './run.ts'

process.exitCode = await runUntilSignalled(async (signal) => {
  const config = readProjectionConfig(process.env)
  if (process.argv[2] === 'migrate') await migrateProjection(config)
  else await runProjection(config, signal)
})
