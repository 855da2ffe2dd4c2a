/** What the bus tells of itself. A pino logger fits. Messages are constants, the data is in the fields. */
export interface BusLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silentLogger: BusLogger = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Whether the nth failure in a row (from 0) deserves a line in the log: the first one, and then each 16th, which is
 * about twice a minute with our longest waits. A server that is down for a night does not fill a disk.
 */
export function isWorthALine(failures: number): boolean {
  return failures % 16 === 0
}
