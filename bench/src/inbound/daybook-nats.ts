import { connectBus } from '@daybook/bus'
import { subjects } from '@daybook/events'
import { type DaybookAddresses, requestTimeoutMs } from '../append/daybook.ts'
import { type DaybookInbound, daybookInbound } from './daybook.ts'

/** Request and reply with the inbound service, as bots' own services do. All callers share one connection. */
export function daybookInboundNats(addresses: DaybookAddresses): DaybookInbound {
  return daybookInbound(addresses, {
    name: 'daybook-nats',
    label: 'Daybook through NATS',
    async connect() {
      const bus = await connectBus({ servers: addresses.natsUrl, name: 'daybook-bench', wait: true })
      const ask = async (command: string, body: object): Promise<string> => {
        const subject = subjects.rpc('main', 'inbound', command)
        const reply = await bus.request(subject, JSON.stringify(body), { timeoutMs: requestTimeoutMs })
        return reply.text()
      }
      return {
        receive: (message) => ask('receive', message),
        claim: (body, wait) => ask('claim', { ...body, wait }),
        complete: (key, body) => ask('complete', { ...body, key }),
        [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
      }
    },
  })
}
