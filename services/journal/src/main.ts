import { runUntilSignalled } from '@daybook/runtime'
import { readJournalConfig } from './config.ts'
import { archiveJournal, migrateJournal, raiseJournalEra, runJournal } from './run.ts'
import { readSealerConfig } from './seal/config.ts'
import { runSealer } from './seal/service.ts'

process.exitCode = await runUntilSignalled(async (signal) => {
  // The sealer has settings of its own, and the only ones with a key in them.
  if (process.argv[2] === 'seal') return runSealer(readSealerConfig(process.env), signal)
  const config = readJournalConfig(process.env, process.argv.slice(2))
  if (process.argv[2] === 'migrate') await migrateJournal(config)
  else if (process.argv[2] === 'era') await raiseJournalEra(config)
  else if (process.argv[2] === 'archive') await archiveJournal(config, signal)
  else await runJournal(config, signal)
})
