import { setTimeout as delay } from 'node:timers/promises'
import { connectBus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { authorized } from '../servers.ts'
import { countRows } from './pool.ts'
import { newUlid, runCreated, sampleEvents } from './sample-event.ts'
import type { Scenario, Shape } from './scenario.ts'

/** Where the Daybook under test is to be reached. */
export interface DaybookAddresses {
  databaseUrl: string
  natsUrl: string
  gatewayUrl: string
}

/** An unanswered append is unknown, not failed; no answer for so long means that the run cannot be judged. */
export const requestTimeoutMs = 30_000

/** How long the relay may take for what one measurement appended: some 50,000 events. */
const relayMsMax = 120_000

/** One way into Daybook; the ways differ only in how a request gets to the journal. */
export function daybookScenario(
  addresses: DaybookAddresses,
  door: { name: 'daybook-nats' | 'daybook-http'; label: string; connect(shape: Shape): Promise<Door> },
): Scenario {
  return {
    name: door.name,
    label: door.label,
    packageName: '@daybook/journal',
    async open(shape) {
      const { request, ...connection } = await door.connect(shape)
      const streams = Array.from({ length: shape.callers }, () => `run/${door.name}-${newUlid()}`)
      // Else each event would be one that the state of its run does not allow, and be flagged by the projection.
      checkAnswer(await request(JSON.stringify({ events: streams.map(runCreated) })), streams.length)
      return {
        ...connection,
        async append(caller, onEvent) {
          const events = sampleEvents(shape.eventsPerRequest)
          for (const { id } of onEvent === undefined ? [] : events) onEvent?.(id)
          const stream = streams[caller]!
          const body = JSON.stringify({ events: events.map((event) => ({ ...event, stream })) })
          checkAnswer(await request(body), shape.eventsPerRequest)
        },
      }
    },
    settle: (signal) => relayHasCaughtUp(addresses, signal),
    count: () =>
      countRows(
        addresses.databaseUrl,
        'select count(*) from journal.events where stream like $1 and type = $2',
        [`run/${door.name}-%`, 'EFFECT_REQUESTED'],
      ),
  }
}

export interface Door extends AsyncDisposable {
  /** Sends an AppendRequest and resolves with the text of the answer. */
  request: (body: string) => Promise<string>
}

function checkAnswer(text: string, events: number): void {
  const answer: { receipts?: unknown[] } = JSON.parse(text)
  if (answer.receipts?.length === events) return
  throw new DaybookError(
    'internal',
    `The journal did not answer with ${events} receipts: ${text.slice(0, 500)}`,
  )
}

/** The relay publishes after the answer. Whoever is measured next must not share the machine with it. */
async function relayHasCaughtUp(addresses: DaybookAddresses, signal: AbortSignal): Promise<void> {
  const head = await countRows(addresses.databaseUrl, 'select position as count from journal.head')
  await using bus = await connectBus({ servers: addresses.natsUrl, name: 'daybook-bench', wait: true })
  const endsAt = Date.now() + relayMsMax
  while (Date.now() < endsAt) {
    const state = await bus.streamState('DAYBOOK_EVENTS')
    if (Number(state?.lastMessage?.headers['Daybook-Position'] ?? 0) >= head) return
    await delay(50, undefined, { signal })
  }
  throw new DaybookError(
    'timeout',
    `The relay has not reached position ${head} after ${relayMsMax / 1000} s.`,
  )
}

/** The relay publishes, and the read model applies, after the answers. `listing` is a path that reads that model. */
export async function everythingHasCaughtUp(
  addresses: DaybookAddresses,
  listing: string,
  signal: AbortSignal,
): Promise<void> {
  await relayHasCaughtUp(addresses, signal)
  const head = await countRows(addresses.databaseUrl, 'select position as count from journal.head')
  let response: Response
  do {
    signal.throwIfAborted()
    const url = `${addresses.gatewayUrl}${listing}?limit=1&minPosition=${head}`
    response = await fetch(url, { headers: authorized, signal })
    await response.arrayBuffer()
  } while (!response.ok)
}
