import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalReader, type Projection, readCaughtUp } from '@daybook/eventing'
import type { InboundMessage } from '@daybook/events'
import { LeastRecentlyUsed } from '@daybook/runtime'
import { sql, type Transaction } from 'kysely'

/** A message without its payload, and its conversation. */
export interface FoundMessage {
  readonly lane: string
  readonly message: Omit<InboundMessage, 'payload'>
}

export interface FindParts<DB> {
  readonly database: Database<DB>
  readonly projection: Projection<DB>
}

/** Which message, by its key. */
interface MessageName {
  readonly tenant: string
  readonly key: string
}

/** Looks messages up by their keys. */
export interface Messages {
  /** Code: `not-found`, once what was journaled a moment ago is in the read model. */
  get(name: MessageName): Promise<FoundMessage>
  /** The same, of which it is known that it was journaled up to this position. */
  getAt(name: MessageName, position: number): Promise<FoundMessage>
  /** The same as of now: what was journaled before this call is seen. */
  getNewest(name: MessageName): Promise<FoundMessage>
  /** The conversation of a message, which never changes. Code: `not-found`. */
  laneOf(name: MessageName): Promise<string>
  /** Tells of a message that this instance has to do with. */
  note(name: MessageName, lane: string): void
}

/** Some 20 MiB. Workers ask about the messages that they have, which are the newest. */
const LANES_KEPT = 100_000
const CATCH_UP_MS = 2_000
const ADVICE = 'Ask again in a moment.'

export function findMessages<DB>({ database, projection }: FindParts<DB>): Messages {
  const lanes = new LeastRecentlyUsed<string>(LANES_KEPT)
  const reading = new Map<string, Promise<FoundMessage>>()
  const read = async (name: MessageName): Promise<FoundMessage> => {
    const { tenant } = name
    const find = (trx: Transaction<DB>) => findMessage(trx, name)
    const found = await readCaughtUp({ projection, database }, { tenant, advice: ADVICE }, find)
    lanes.set(nameOf(name), found.lane)
    return found
  }
  // A hundred deliveries of one message at once are one question.
  const get = (name: MessageName): Promise<FoundMessage> => {
    const known = reading.get(nameOf(name))
    if (known !== undefined) return known
    const begun = read(name).finally(() => reading.delete(nameOf(name)))
    reading.set(nameOf(name), begun)
    return begun
  }
  const getAt = async (name: MessageName, position: number): Promise<FoundMessage> => {
    await projection.waitFor(position, CATCH_UP_MS)
    return get(name)
  }
  return {
    get,
    getAt,
    async getNewest(name) {
      const { position } = await journalReader(database.kysely).head()
      await projection.waitFor(position, CATCH_UP_MS)
      return read(name)
    },
    laneOf: async (name) => lanes.get(nameOf(name)) ?? (await get(name)).lane,
    note: (name, lane) => lanes.set(nameOf(name), lane),
  }
}

async function findMessage<DB>(trx: Transaction<DB>, { tenant, key }: MessageName): Promise<FoundMessage> {
  const { rows } = await sql<{ lane: string; document: FoundMessage['message'] }>`
    select lane, document from messages where tenant = ${tenant} and key = ${key}`.execute(trx)
  const [row] = rows
  if (row !== undefined) return { lane: row.lane, message: row.document }
  throw new DaybookError('not-found', `There is no message ${key}.`, { details: { key } })
}

function nameOf({ tenant, key }: MessageName): string {
  return `${tenant} ${key}`
}
