import type { LogDestination } from './logger.ts'

/** `at` a terminal nobody wants to read these: they are the same in each line or already shown. */
const SHOWN_ELSEWHERE = new Set(['time', 'level', 'service', 'msg'])

/** Turns JSON lines into `10:02:33.120 warn  journal  message key=value`. */
export function prettyDestination(destination: { write(line: string): unknown }): LogDestination {
  return {
    write: (line) => {
      destination.write(prettyLine(line))
    },
  }
}

function prettyLine(line: string): string {
  const entry: unknown = JSON.parse(line)
  if (typeof entry !== 'object' || entry === null) return line
  const fields = Object.entries(entry)
  const shown = Object.fromEntries(fields.map(([name, value]) => [name, String(value)]))
  const head = [(shown['time'] ?? '').slice(11, 23), (shown['level'] ?? '').padEnd(5), shown['service'] ?? '']
  const rest = fields
    .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
    .map(([name, value]) => prettyField(name, value))
  return `${[...head, shown['msg'] ?? '', ...rest].join('  ').trimEnd()}\n`
}

function prettyField(name: string, value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value)
    return `${name}=\n${String(value.stack)}`
  return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`
}
