import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRuns } from '../src/import/find-runs.ts'

const fixtures = join(import.meta.dirname, 'fixtures', 'runs')

/** Runs as the tool left them: every state, in both of its versions. */
export const soundRuns = [
  'completed',
  'failed',
  'pending-breakpoint',
  'just-created',
  'v6-completed',
  'v6-pending-breakpoint',
] as const

/** A folder of the fixtures. */
export function fixture(...names: string[]): string {
  return join(fixtures, ...names)
}

/** The only run directory in a fixture. */
export async function runOf(...names: string[]): Promise<string> {
  const [run] = await findRuns(fixture(...names))
  if (run === undefined) throw new Error(`no run in ${names.join('/')}`)
  return run
}

/** A copy of a fixture's run, to be damaged; removed when the scope is left. */
export async function copyOf(...names: string[]): Promise<AsyncDisposable & { path: string }> {
  const from = await runOf(...names)
  const folder = await mkdtemp(join(tmpdir(), 'daybook-run-'))
  const path = join(folder, from.split('/').at(-1) ?? 'run')
  await cp(from, path, { recursive: true })
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
