import { connectBus } from '@daybook/bus'
import { subjects } from '@daybook/events'
import { type DaybookAddresses, daybookScenario, requestTimeoutMs } from './daybook.ts'
import type { Scenario } from './scenario.ts'

/** Request and reply with the journal service. All callers share one connection, as those of one process would. */
export function daybookNats(addresses: DaybookAddresses): Scenario {
  const subject = subjects.rpc('main', 'journal', 'append')
  return daybookScenario(addresses, {
    name: 'daybook-nats',
    label: 'Daybook through NATS',
    async connect() {
      const bus = await connectBus({ servers: addresses.natsUrl, name: 'daybook-bench', wait: true })
      return {
        async request(body) {
          const reply = await bus.request(subject, body, { timeoutMs: requestTimeoutMs })
          return reply.text()
        },
        [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
      }
    },
  })
}
