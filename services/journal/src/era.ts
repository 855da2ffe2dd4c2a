import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import type { Logger } from '@daybook/runtime'
import { EVENTS_STREAM } from './relay-start.ts'
import { raiseEra } from './store/era.ts'
import type { JournalTables } from './store/tables.ts'

export interface NewEraParts {
  database: Database<JournalTables>
  /** Where to look for eras that the restored journal does not remember. */
  bus: Bus
  logger: Logger
}

/** A new era of the journal, and the position at which it begins. */
export interface NewEra {
  era: number
  position: number
}

/**
 * Says that the journal was restored from a backup: what was read of it before may never have happened. The relay
 * publishes everything again under the new era, and every consumer builds its read model anew.
 *
 * The new era is larger than any that JetStream has seen, since a backup that is restored twice remembers nothing of the
 * first time. Without NATS it is the next one; should that have been used, the relay notices (`restored-without-era`).
 */
export async function beginEra({ database, bus, logger }: NewEraParts): Promise<NewEra> {
  const seen = await eraInStream(bus).catch((error: unknown) => {
    logger.warn({ err: error }, 'NATS could not be asked for the eras it has seen')
    return 0
  })
  const begun = await raiseEra(database, seen)
  logger.warn(
    { ...begun },
    'the journal has a new era: everything is published again, and read models are built anew',
  )
  return begun
}

/** A server that is there is connected in milliseconds; one that is not must not hold up a restore. */
const CONNECT_MS_MAX = 3_000
const LOOK_EVERY_MS = 50

async function eraInStream(bus: Bus): Promise<number> {
  for (let waitedMs = 0; !bus.connected && waitedMs < CONNECT_MS_MAX; waitedMs += LOOK_EVERY_MS)
    await delay(LOOK_EVERY_MS)
  const state = await bus.streamState(EVENTS_STREAM)
  const era = Number(state?.lastMessage?.headers['Daybook-Era'])
  return Number.isSafeInteger(era) ? era : 0
}
