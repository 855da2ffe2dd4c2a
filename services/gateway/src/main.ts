import { runUntilSignalled } from '@daybook/runtime'
import { readGatewayConfig } from './config.ts'
import { runGateway } from './service.ts'

process.exitCode = await runUntilSignalled((signal) => runGateway(readGatewayConfig(process.env), signal))
