import { DaybookError } from '@daybook/errors'
import { nkeys } from '@nats-io/transport-node'
import { type BusService, busServices } from './permissions.ts'

/** A key of NATS: the server knows the public half, the seed stays with its owner. */
export interface BusKey {
  readonly publicKey: string
  /** Secret. */
  readonly seed: string
}

/** The keys of a deployment: one for each service, and the one that vouches for holders of tokens. */
export interface BusKeys {
  readonly services: Readonly<Record<BusService, BusKey>>
  readonly issuer: BusKey
}

/** New keys; who needs a user the next time too keeps its seed. */
export function createBusKeys(): BusKeys {
  const [journal, projection, inbound, cron, gateway] = busServices.map(() => toBusKey(nkeys.createUser()))
  if (!journal || !projection || !inbound || !cron || !gateway)
    throw new RangeError('a service without a key')
  return {
    services: { journal, projection, inbound, cron, gateway },
    issuer: toBusKey(nkeys.createAccount()),
  }
}

/** The key that a seed is of. Code: `unsafe-configuration`, without the seed. */
export function readBusKey(seed: string, kind: 'user' | 'issuer'): BusKey {
  const start = kind === 'user' ? 'SU' : 'SA'
  try {
    if (seed.startsWith(start)) return toBusKey(nkeys.fromSeed(new TextEncoder().encode(seed)))
  } catch {
    // The cause is left out: it may quote the seed.
  }
  const message = `The nkey seed is not one of ${kind === 'user' ? 'a user' : 'an issuer'}. It starts with ${start} and has 58 letters.`
  throw new DaybookError('unsafe-configuration', message)
}

function toBusKey(pair: ReturnType<typeof nkeys.createUser>): BusKey {
  return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) }
}
