import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BusKey, busServices, createBusKeys, natsAccounts, readBusKey } from '@daybook/bus'

/** In the folder of each service. */
const SEED_FILE = 'nkey.seed'
/** In the gateway's. */
const ISSUER_FILE = 'issuer.seed'
/** What `nats.conf` includes. */
const ACCOUNTS_FILE = join('nats', 'accounts.conf')

/**
 * Makes the keys of a deployment, and what its NATS server has to know of them: a folder for each service with the
 * seed that only this one may read, and `nats/accounts.conf`, which holds public keys only. Keys that are there stay,
 * so it may run before every start; the permissions are written anew, as this version has them.
 */
export async function writeNatsKeys(folder: string): Promise<void> {
  const made = createBusKeys()
  const keepSeed = async (path: string, key: BusKey, kind: 'user' | 'issuer'): Promise<BusKey> => {
    const file = join(folder, path)
    const seed = await readIfThere(file)
    if (seed !== undefined) return readBusKey(seed.trim(), kind)
    await writeWhole(file, `${key.seed}\n`, 0o600)
    return key
  }
  const [journal, projection, inbound, cron, gateway] = await Promise.all(
    busServices.map((service) => keepSeed(join(service, SEED_FILE), made.services[service], 'user')),
  )
  const issuer = await keepSeed(join('gateway', ISSUER_FILE), made.issuer, 'issuer')
  if (!journal || !projection || !inbound || !cron || !gateway)
    throw new RangeError('a service without a key')
  const services = { journal, projection, inbound, cron, gateway }
  await writeWhole(join(folder, ACCOUNTS_FILE), natsAccounts({ services, issuer }), 0o644)
}

/** A key that cannot be read must not be taken for none: a new one would lock its service out. */
async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A reader finds the old file or the new one, never a part. */
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, text, { mode })
  await rename(`${file}.new`, file)
}
