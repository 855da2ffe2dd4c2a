import { randomUUID } from 'node:crypto'
import { type HeadWatcher, journalReader, type PayloadArchive } from '@daybook/eventing'
import type { Health } from '@daybook/runtime'
import { observeRelay } from './observe-relay.ts'
import { runRelay } from './relay.ts'
import type { AddedTypes } from './schemas/added-types.ts'
import type { JournalParts } from './service.ts'
import type { Writer } from './writer.ts'

/** What the relay works with besides the parts of the service. */
interface RelayNeighbours extends Writer {
  watcher: HeadWatcher
  health: Health
  types: AddedTypes
  payloads: PayloadArchive
}

/** Copies to JetStream until it is disposed. */
export function startRelay(
  { database, bus, logger, metrics, tracing }: JournalParts,
  { watcher, tap, batcher, health, leaves, types, payloads }: RelayNeighbours,
): AsyncDisposable {
  const controller = new AbortController()
  const observed = observeRelay(metrics, tracing)
  health.addCheck('relay', observed.state)
  const running = runRelay(
    {
      database,
      bus,
      logger,
      reader: journalReader(database.kysely, payloads),
      tap,
      isSaturated: () => batcher.isSaturated,
      owner: randomUUID(),
      waitBeyond: async (position, timeoutMs, signal) => {
        await watcher
          .waitBeyond(position, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
          .catch(() => {})
      },
      onNewEra: () => {
        leaves.forget()
        types.forget()
      },
      ...observed.hooks,
    },
    controller.signal,
  )
  return {
    async [Symbol.asyncDispose]() {
      controller.abort()
      await running
    },
  }
}
