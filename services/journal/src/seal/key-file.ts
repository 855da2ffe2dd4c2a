import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'
import { generateSignerKey, parseSignerKey, type SignerKey } from '@daybook/events'

const SECRET_FILE = 'seal.key'
const PUBLIC_FILE = 'seal.pub'

/**
 * The seal key in a folder that is the sealer's own; made there at the first start, readable by its owner only. The
 * verifier key is beside it, to be handed on. Codes: invalid-usage (the key file is damaged, or for another origin).
 */
export async function openKeyFile(folder: string, origin: string): Promise<SignerKey> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const secret = await readFile(join(folder, SECRET_FILE), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  const key = secret === undefined ? await makeKey(folder, origin) : parseSignerKey(secret)
  requireName(key, origin)
  await writeFile(join(folder, PUBLIC_FILE), `${key.verifier.text}\n`)
  return key
}

/** A key that names another journal would sign checkpoints that nobody takes for ours. Code: invalid-usage. */
export function requireName(key: SignerKey, origin: string): void {
  if (key.verifier.name === origin) return
  throw new DaybookError(
    'invalid-usage',
    `The seal key is for ${key.verifier.name}, and the journal is called ${origin}. Set ORIGIN to the name of the key.`,
  )
}

async function makeKey(folder: string, origin: string): Promise<SignerKey> {
  const { key, secret } = generateSignerKey(origin)
  // Never over another one: of two sealers that start at once, the second one fails, starts again and finds the key.
  await writeFile(join(folder, SECRET_FILE), `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return key
}
