import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { subjects } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { readSchemasAfter } from '../store/schemas.ts'
import type { JournalTables } from '../store/tables.ts'
import { AddedTypes } from './added-types.ts'
import { schemaRoutes } from './routes.ts'

export interface Schemas extends AsyncDisposable {
  readonly types: AddedTypes
  readonly plugins: HttpPlugin[]
}

/** The event types of users: loaded, kept up to date by the signals of the other instances, and open for additions. */
export async function openSchemas(parts: {
  database: Database<JournalTables>
  bus: Bus
  /** Of the API. */
  version: string
}): Promise<Schemas> {
  const { database, bus, version } = parts
  const types = new AddedTypes((number) => readSchemasAfter(database, number))
  await types.refresh()
  const listening = bus.listen(subjects.schemas, () => types.refresh())
  const onAdded = async () => {
    // A hint: without it the others find the type when the first event of it comes.
    if (bus.connected) bus.publish(subjects.schemas, '')
    await types.refresh()
  }
  return {
    types,
    plugins: schemaRoutes({ database, onAdded, version }),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}
