import { runUntilSignalled } from '@daybook/runtime'
import { writeCallerKey } from './caller-key.ts'
import { readGatewayConfig } from './config.ts'
import { writeNatsKeys } from './nats/key-files.ts'
import { createFirstToken, migrateGateway, runGateway } from './run.ts'

process.exitCode = await runUntilSignalled(async (signal) => {
  const [, , command, argument] = process.argv
  // Before anything else of a deployment is there.
  if (command === 'nats-keys') {
    await writeCallerKey(argument ?? 'keys')
    return writeNatsKeys(argument ?? 'keys')
  }
  const config = readGatewayConfig(process.env)
  if (command === 'migrate') await migrateGateway(config)
  else if (command === 'token')
    process.stdout.write(`${await createFirstToken(config, argument ?? 'main')}\n`)
  else await runGateway(config, signal)
})
