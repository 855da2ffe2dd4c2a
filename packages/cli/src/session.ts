import type { Daybook } from '@daybook/client'
import { connectDaybook } from '@daybook/client'
import type { Command } from 'commander'
import { gatewayUrl } from './endpoint.ts'
import { type Shell, wantsColour } from './shell.ts'
import { findToken } from './token.ts'

/** Options every command has. */
export interface GlobalOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly json?: boolean
}

/** One command at work: where it talks to, and how it says what it found. */
export interface Session {
  readonly shell: Shell
  /** For a program: stdout holds one JSON document (or JSON lines, for a tail) and nothing else. */
  readonly json: boolean
  readonly colour: boolean
  /** Opens the connection; the caller closes it (`await using`). Events come as they were recorded, fit to be verified. */
  readonly connect: () => Promise<Daybook>
  /** A line or more to stdout. */
  readonly print: (text: string) => Promise<void>
  /** One JSON document, on one line. */
  readonly printJson: (value: unknown) => Promise<void>
  /** Progress and remarks, to stderr, for people only. */
  readonly remark: (text: string) => Promise<void>
}

/** Gives a command its session, once the options that all commands share were read. */
export type WithSession = (command: Command) => Session

export function openSession(shell: Shell, options: GlobalOptions): Session {
  const json = options.json === true
  return {
    shell,
    json,
    colour: wantsColour(shell, shell.stdout),
    connect: async () => {
      const url = await gatewayUrl(options.url, shell)
      const token = await findToken(options.tokenFile, url, shell)
      return connectDaybook({ url, upcasters: 'none', ...(token !== undefined && { token }) })
    },
    print: (text) => shell.stdout.write(`${text}\n`),
    printJson: (value) => shell.stdout.write(`${JSON.stringify(value)}\n`),
    remark: async (text) => {
      if (!json) await shell.stderr.write(`${text}\n`)
    },
  }
}
