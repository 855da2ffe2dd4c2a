import { runUntilSignalled } from '@daybook/runtime'
import { readJournalConfig } from './config.ts'
import { migrateJournal, runJournal } from './service.ts'

process.exitCode = await runUntilSignalled(async (signal) => {
  const config = readJournalConfig(process.env)
  if (process.argv[2] === 'migrate') await migrateJournal(config)
  else await runJournal(config, signal)
})
