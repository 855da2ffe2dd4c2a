export { trustingCallers } from './callers.ts'
export { freePort } from './free-port.ts'
export { madeOnce } from './made-once.ts'
export { findNatsServer, type NatsOptions, type NatsServer, startNats } from './nats.ts'
export { findInstallation } from './postgres/installation.ts'
export { type LocalPostgres, type LocalPostgresOptions, startLocalPostgres } from './postgres/local.ts'
export type { PostgresServer } from './postgres/offer.ts'
export { startPostgres } from './postgres/start.ts'
export type { DatabaseContent } from './postgres/template.ts'
export {
  createDatabase,
  createTestDatabase,
  describeWithServer,
  itWithServer,
  runSql,
  type TestDatabase,
} from './postgres.ts'
export { type ProcessEnd, type ProcessSpec, type SupervisedProcess, startProcess } from './process.ts'
export { mountSmallDisk, type SmallDisk } from './small-disk.ts'
export { createTempFolder, type TempFolder } from './temp-folder.ts'
export { type WaitOptions, waitFor } from './wait-for.ts'
