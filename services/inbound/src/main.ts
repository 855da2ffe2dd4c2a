import { runUntilSignalled } from '@daybook/runtime'
import { readInboundConfig } from './config.ts'
import { migrateInbound, runInbound } from './run.ts'

process.exitCode = await runUntilSignalled(async (signal) => {
  const config = readInboundConfig(process.env)
  if (process.argv[2] === 'migrate') await migrateInbound(config)
  else await runInbound(config, { signal, environment: process.env })
})
