import { runUntilSignalled } from '@daybook/runtime'
import { readCronConfig } from './config.ts'
import { migrateCron, runCron } from './run.ts'

process.exitCode = await runUntilSignalled(async (signal) => {
  const config = readCronConfig(process.env)
  if (process.argv[2] === 'migrate') await migrateCron(config)
  else await runCron(config, signal)
})
