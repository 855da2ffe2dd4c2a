import type { Bus, ConsumerName } from '@daybook/bus'
import type { Metrics } from '@daybook/runtime'

/** How many messages wait for each of the service's consumers, looked up when the metrics are read. */
export function observeConsumers(metrics: Metrics, bus: Bus, consumers: readonly ConsumerName[]): void {
  metrics.gauge({
    name: 'consumer_waiting_messages',
    help: 'Messages that the consumer has not taken, or not settled, yet.',
    labels: ['durable'],
    collect: async (gauge) => {
      await Promise.all(
        consumers.map(async (name) => gauge.set({ durable: name.durable }, await readWaiting(bus, name))),
      )
    },
  })
}

async function readWaiting(bus: Bus, name: ConsumerName): Promise<number> {
  const state = await bus.consumerState(name)
  return state === undefined ? 0 : state.pending + state.unsettled
}
