import { runCli, type Shell, type Sink } from '../src/index.ts'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly signal?: AbortSignal
  /** Told of each piece of standard output as it comes. */
  readonly onStdout?: (text: string) => void
}

/** Runs the command in this process, as a user would who pipes its output. */
export async function daybook(args: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const stdout = collect(around.onStdout)
  const stderr = collect()
  const shell: Shell = {
    stdin: bytesOf(around.stdin ?? ''),
    stdout: stdout.sink,
    stderr: stderr.sink,
    env: around.env ?? {},
    cwd: around.cwd ?? '/nonexistent',
    signal: around.signal ?? new AbortController().signal,
  }
  const exitCode = await runCli(args, shell)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

function collect(onText?: (text: string) => void): { sink: Sink; text(): string } {
  const parts: string[] = []
  const sink: Sink = {
    isTTY: false,
    write: async (text) => {
      parts.push(text)
      onText?.(text)
    },
  }
  return { sink, text: () => parts.join('') }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}
