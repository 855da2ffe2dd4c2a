import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'
import type { Shell } from './shell.ts'

/** What is no word of one line is no token; a server would only say that it is wrong. */
const TOKEN = /^[\x21-\x7e]+$/

/**
 * The token to call with: of the file that `--token-file` names, else `DAYBOOK_TOKEN`, else of the stack that runs with
 * its data in this folder or in one above it (`.daybook/token`). That one is for this machine: another host never gets
 * to see it. Undefined when there is none. Code: `invalid-usage`, for a file that holds no token.
 */
export async function findToken(
  flag: string | undefined,
  url: string,
  { cwd, env }: Pick<Shell, 'cwd' | 'env'>,
): Promise<string | undefined> {
  if (flag !== undefined) return readTokenFile(resolve(cwd, flag), flag)
  const named = env['DAYBOOK_TOKEN'] || undefined
  if (named !== undefined) return checked(named, 'DAYBOOK_TOKEN')
  return isThisMachine(url) ? tokenOfFolder(cwd) : undefined
}

async function readTokenFile(path: string, name: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DaybookError('invalid-usage', `Cannot read the token file ${name}.`, { cause })
  })
  return checked(text.trim(), name)
}

/** The message never holds the text: it may be another secret. */
function checked(token: string, source: string): string {
  if (TOKEN.test(token)) return token
  throw new DaybookError('invalid-usage', `${source} holds no token. It looks like dbk_…`)
}

function isThisMachine(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
}

async function tokenOfFolder(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, '.daybook', 'token'), 'utf8').catch(() => '')
  const token = text.trim()
  if (TOKEN.test(token)) return token
  const parent = dirname(folder)
  return parent === folder ? undefined : tokenOfFolder(parent)
}
