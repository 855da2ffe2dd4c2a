import type { BusLogger } from '../src/index.ts'

export interface Line {
  level: 'info' | 'warn' | 'error'
  fields: object
  message: string
}

/** A logger whose lines can be asked for. */
export function recordingLogger(): BusLogger & { lines: Line[]; messages(): string[] } {
  const lines: Line[] = []
  const at = (level: Line['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  return {
    lines,
    messages: () => lines.map(({ message }) => message),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}

/** The error that something asynchronous ends with; fails when it does not. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('expected an error and there was none')
}
