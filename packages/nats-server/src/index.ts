export { findNatsServer } from './find.ts'
export { type NatsAccounts, type NatsServer, type NatsServerOptions, startNatsServer } from './start.ts'
