import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'
import type { Shell } from './shell.ts'

export const defaultUrl = 'http://127.0.0.1:7400'

/**
 * The gateway to talk to: `--url`, else `DAYBOOK_URL`, else the stack that `daybook up` runs with its data in this folder
 * (`.daybook/endpoint.json`, when its process is alive), else the default address.
 */
export async function gatewayUrl(
  flag: string | undefined,
  shell: Pick<Shell, 'cwd' | 'env'>,
): Promise<string> {
  const named = flag ?? (shell.env['DAYBOOK_URL'] || undefined)
  if (named === undefined) return (await runningStackUrl(shell.cwd)) ?? defaultUrl
  const parsed = URL.canParse(named) ? new URL(named) : undefined
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return named
  const source = flag === undefined ? 'DAYBOOK_URL' : '--url'
  throw new DaybookError(
    'invalid-usage',
    `${source} must begin with http:// or https://, as in ${defaultUrl}.`,
  )
}

async function runningStackUrl(cwd: string): Promise<string | undefined> {
  const text = await readFile(join(cwd, '.daybook', 'endpoint.json'), 'utf8').catch(() => undefined)
  const endpoint = text === undefined ? undefined : parseEndpoint(text)
  return endpoint !== undefined && isAlive(endpoint.pid) ? endpoint.http : undefined
}

function parseEndpoint(text: string): { http: string; pid: number } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('http' in value) || !('pid' in value))
      return undefined
    const { http, pid } = value
    return typeof http === 'string' && typeof pid === 'number' ? { http, pid } : undefined
  } catch {
    return undefined // half written by a stack that just starts: the default address is as good a guess
  }
}

/** A stack that was killed leaves its file behind. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
