import { type Bus, type BusKeys, type BusService, connectBus, inboxOfService } from '@daybook/bus'
import type { Logger } from '@daybook/runtime'

/** Where NATS is, and who the services are to it. */
export interface NatsPlace {
  url: string
  keys: BusKeys
}

/** Waits for the connection: the server runs, and a service that begins without it would only say so in the log. */
export function openBus({ url, keys }: NatsPlace, service: BusService, logger: Logger): Promise<Bus> {
  const { seed: nkeySeed } = keys.services[service]
  // As in a deployment, the journal makes the streams and consumers of all.
  const makesTopology = service === 'journal'
  const inboxPrefix = inboxOfService(service)
  return connectBus({ servers: url, name: service, nkeySeed, inboxPrefix, makesTopology, wait: true }, logger)
}
