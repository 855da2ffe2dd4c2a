import { DaybookError } from '@daybook/errors'
import { type DaybookAddresses, everythingHasCaughtUp } from '../append/daybook.ts'
import { countRows } from '../append/pool.ts'
import { ACCOUNT, type SampleMessage } from './sample-message.ts'
import type { InboundScenario, InboundSession, Received, WorkEvents, WorkedMessage } from './scenario.ts'
import { Wake } from './wake.ts'

/** A way into the inbound service; the ways differ only in how a command gets there. Answers are JSON texts. */
export interface Door extends AsyncDisposable {
  receive(message: SampleMessage): Promise<string>
  claim(body: ClaimBody, wait: string): Promise<string>
  complete(key: string, body: { token: number }): Promise<string>
}

interface ClaimBody {
  worker: string
  source: string
  account: string
  limit: number
}

/** A message that a worker has. */
interface Claimed extends WorkedMessage {
  key: string
  token: number
}

export interface DaybookSession extends InboundSession {
  claim(limit: number, wait: string): Promise<Claimed[]>
  complete(claimed: Claimed): Promise<void>
}

export interface DaybookInbound extends InboundScenario {
  open(options: { callers: number; source: string }): Promise<DaybookSession>
}

/** No lease ends while a measurement lasts. */
const WAIT = '5s'

export function daybookInbound(
  addresses: DaybookAddresses,
  door: { name: string; label: string; connect(callers: number): Promise<Door> },
): DaybookInbound {
  return {
    name: door.name,
    label: door.label,
    packageName: '@daybook/inbound',
    lacks: [],
    async open({ callers, source }) {
      const connection = await door.connect(callers)
      const claim = async (limit: number, wait: string): Promise<Claimed[]> =>
        readClaimed(await connection.claim({ worker: 'bench', source, account: ACCOUNT, limit }, wait))
      const complete = async ({ key, token }: Claimed): Promise<void> =>
        checkCompleted(await connection.complete(key, { token }))
      return {
        receive: async (message) => readOutcome(await connection.receive(message)),
        claim,
        complete,
        work: async (workers, on) => startWork({ claim, complete }, workers, on),
        count: () => countReceived(addresses.databaseUrl, source),
        // Whoever is measured next must not share the machine with them.
        settle: (signal) => everythingHasCaughtUp(addresses, '/v1/inbound/messages', signal),
        [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
      }
    },
  }
}

function readOutcome(text: string): Received {
  const { outcome }: { outcome?: string } = JSON.parse(text)
  if (outcome === 'accepted') return 'new'
  if (outcome?.startsWith('duplicate-') === true) return 'duplicate'
  throw unexpected('receive', text)
}

function readClaimed(text: string): Claimed[] {
  const { messages }: { messages?: Claimed[] } = JSON.parse(text)
  if (messages === undefined) throw unexpected('claim', text)
  return messages
}

function checkCompleted(text: string): void {
  const { state }: { state?: string } = JSON.parse(text)
  if (state !== 'completed') throw unexpected('complete', text)
}

function unexpected(command: string, text: string): DaybookError {
  return new DaybookError('internal', `The inbound service answered a ${command}: ${text.slice(0, 500)}`)
}

/**
 * One loop that claims as many messages as there are free workers, as a bot does: what comes in while it asks is claimed
 * together the next time. Every message is completed by itself.
 */
async function startWork(
  { claim, complete }: Pick<DaybookSession, 'claim' | 'complete'>,
  workers: number,
  on: WorkEvents,
): Promise<AsyncDisposable> {
  const stopped = new AbortController()
  const freed = new Wake()
  let free = workers
  const finish = async (claimed: Claimed): Promise<void> => {
    on.claimed(claimed)
    await complete(claimed)
    on.completed(claimed)
    free += 1
    freed.one()
  }
  const take = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const { version } = freed
      if (free === 0) {
        await freed.after(version)
        continue
      }
      const messages = await claim(free, WAIT)
      free -= messages.length
      for (const message of messages) finish(message).catch(failed)
    }
  }
  const failed = (error: unknown): void => {
    if (!stopped.signal.aborted) on.failed(error)
  }
  take().catch(failed)
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort()
      freed.all()
    },
  }
}

async function countReceived(databaseUrl: string, source: string): Promise<number> {
  return await countRows(
    databaseUrl,
    `select count(*) from journal.events where kind = 'inbound' and type = 'INBOUND_RECEIVED' and stream like $1`,
    [`inbound/${source}:%`],
  )
}
