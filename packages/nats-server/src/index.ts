export { findNatsServer } from './find.ts'
export { type NatsServer, type NatsServerOptions, startNatsServer } from './start.ts'
