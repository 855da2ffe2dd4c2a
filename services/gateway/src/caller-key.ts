import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** In the folder of each service, for CALLER_KEY_FILE. */
const FILE = 'caller.key'
/** As long as the hash that is made with it. */
const KEY_BYTES = 32

/**
 * Makes the key by which the services believe the gateway, and puts it into the folder of each of them. The gateway's own
 * stays when it is there, so this may run before every start; without it all get a new one.
 */
export async function writeCallerKey(folder: string): Promise<void> {
  const kept = (await readFile(join(folder, 'gateway', FILE), 'utf8').catch(() => '')).trim()
  const key = kept === '' ? randomBytes(KEY_BYTES).toString('hex') : kept
  for (const service of ['gateway', 'journal', 'projection', 'inbound', 'cron']) {
    const file = join(folder, service, FILE)
    await mkdir(dirname(file), { recursive: true })
    // A reader finds the old file or the new one, never a part.
    await writeFile(`${file}.new`, `${key}\n`, { mode: 0o600 })
    await rename(`${file}.new`, file)
  }
}
