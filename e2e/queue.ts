import { connectBus } from '@daybook/bus'
import type { Draft } from '@daybook/events'

/** Queues one append request, as a producer does that does not wait for a receipt. */
export async function queueAppend(natsUrl: string, events: readonly Draft[]): Promise<void> {
  await using bus = await connectBus({ servers: natsUrl, name: 'e2e', wait: true })
  await bus.publishQueued('daybook.queue.main.append', JSON.stringify({ events }))
}

/** Whether everything that was queued has been settled. */
export async function isQueueEmpty(natsUrl: string): Promise<boolean> {
  await using bus = await connectBus({ servers: natsUrl, name: 'e2e', wait: true })
  return (await bus.streamState('DAYBOOK_QUEUE'))?.lastMessage === undefined
}
