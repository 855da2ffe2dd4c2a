import { type ChildLoggerOptions, type Logger, pino } from 'pino'
import { prettyDestination } from './pretty.ts'
import { redactFields, redactText } from './redaction.ts'

export type { Logger } from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** Where lines go: each call gets one whole line, its line feed included. */
export interface LogDestination {
  write(line: string): void
}

export interface LoggerOptions {
  /** Names the process in every line. */
  service: string
  /** Default `info`. */
  level?: LogLevel
  /** For people at a terminal instead of JSON. */
  pretty?: boolean
  /** Default: standard output, written synchronously so that the last line before an exit is not lost. */
  destination?: LogDestination
}

/**
 * A pino logger that writes JSON lines. Messages are constants, data goes in fields. Secrets are kept out twice: fields
 * by their names, and credentials in URLs and authorization values in the finished line.
 */
export function createLogger({ service, level = 'info', pretty, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: redactFields },
    // `redactFields` has described the error already.
    serializers: { err: (error: unknown) => error },
    hooks: { streamWrite: redactText },
  }
  if (pretty === true) return redactChildren(pino(options, prettyDestination(destination ?? process.stdout)))
  return redactChildren(destination === undefined ? pino(options) : pino(options, destination))
}

/** Pino formats the fields of a line, but not those that `child` fixes for all of its lines. Children inherit this. */
function redactChildren(logger: Logger): Logger {
  // oxlint-disable-next-line typescript/unbound-method -- `call` below gives it its `this`
  const child: (bindings: Record<string, unknown>, options?: ChildLoggerOptions) => Logger = logger.child
  return Object.assign(logger, {
    child(this: Logger, bindings: Record<string, unknown>, options?: ChildLoggerOptions) {
      return child.call(this, redactFields(bindings), options)
    },
  })
}
