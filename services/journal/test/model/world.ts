import { type Bus, connectBus } from '@daybook/bus'
import type { Projection } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import { type NatsServer, runSql, startNats, waitFor } from '@daybook/testing'
import { expect } from 'vitest'
import {
  createDiary,
  readDiary,
  silent,
  startDiary,
} from '../../../../packages/eventing/test/toy-projection.ts'
import { beginEra } from '../../src/service.ts'
import {
  createJournalDatabase,
  type JournalDatabase,
  type JournalFixture,
  openJournalService,
  readAll,
} from '../service-fixture.ts'
import { expectSound } from '../sound.ts'
import type { Model } from './model.ts'

const QUEUE = 'DAYBOOK_QUEUE'
const WAIT_MS = 20_000
/** Often enough that no command waits for it. */
const COMPARE_MS = 50

/** A journal of two instances, with its database, its NATS, and a read model. */
export class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  readonly #instances: JournalFixture[] = []
  readonly #database: JournalDatabase
  readonly #nats: NatsServer
  readonly #bus: Bus

  private constructor(database: JournalDatabase, nats: NatsServer, bus: Bus) {
    this.#database = database
    this.#nats = nats
    this.#bus = bus
  }

  static async open(): Promise<World> {
    await using stack = new AsyncDisposableStack()
    const nats = stack.use(await startNats())
    const database = stack.use(await createJournalDatabase())
    await createDiary(database.connect())
    const bus = stack.use(await connectBus({ servers: nats.url, name: 'model', wait: true }))
    await bus.ensureTopology()
    const world = new World(database, nats, bus)
    for (const _instance of [0, 1]) world.#instances.push(await world.#openInstance())
    stack.use(world.#startDiary())
    world.#stack.use(stack.move())
    return world
  }

  instance(index: number): JournalFixture {
    const instance = this.#instances[index]
    if (instance === undefined) throw new RangeError(`there is no instance ${index}`)
    return instance
  }

  /** Cuts all connections of the database, ends an instance, and starts another in its place. */
  async crash(index: number): Promise<void> {
    await this.#cutConnections()
    await this.instance(index)[Symbol.asyncDispose]()
    this.#instances[index] = await this.#openInstance()
  }

  /** Hands a request to the queue, and waits until it is done with. */
  async queue(request: unknown): Promise<void> {
    await this.#bus.publishQueued('daybook.queue.main.append', JSON.stringify(request))
    await waitFor(async () => (await this.#bus.streamState(QUEUE))?.lastMessage === undefined, {
      timeoutMs: WAIT_MS,
      what: 'the queue to be empty',
    })
  }

  /** Everything is published once more, and every read model is built anew. */
  async beginEra(): Promise<void> {
    await beginEra({ database: this.#database.connect(), bus: this.#bus, logger: silent })
  }

  async readAfter(position: number): Promise<JournalEvent[]> {
    return (await readAll(this.#database.connect())).slice(position)
  }

  /** The journal is what the model says, to the last field that the model has; and it is sound. */
  async expectJournal(model: Model): Promise<void> {
    const events = await readAll(this.#database.connect())
    expect(
      events.map(({ id, stream, seq, position, key, data, erased }) => ({
        id,
        stream,
        seq,
        position,
        key,
        data,
        erasureId: erased?.erasureId,
      })),
    ).toEqual(
      model.events.map(({ isNotice: _isNotice, ...event }) =>
        event.erasureId === undefined ? event : { ...event, data: {} },
      ),
    )
    expectSound(events)
  }

  /** The read model has each event of its kind once and in order. */
  async expectDiary(model: Model): Promise<void> {
    const positions = model.events
      .filter(({ stream }) => stream.startsWith('run/'))
      .map(({ position }) => position)
    await waitFor(
      async () => {
        const diary = await readDiary(this.#database.connect())
        return JSON.stringify(diary) === JSON.stringify(positions)
      },
      { timeoutMs: WAIT_MS, what: `the diary to have the positions ${positions.join()}` },
    )
  }

  async expectPublished(model: Model): Promise<void> {
    await waitFor(
      async () => {
        const state = await this.#bus.streamState('DAYBOOK_EVENTS').catch(() => undefined)
        return Number(state?.lastMessage?.headers['Daybook-Position'] ?? 0) === model.head
      },
      { timeoutMs: WAIT_MS, what: `position ${model.head} in JetStream` },
    )
  }

  #openInstance(): Promise<JournalFixture> {
    return openJournalService(this.#database.connect(), this.#nats.url)
  }

  #startDiary(): Projection<unknown> {
    return startDiary({ database: this.#database.connect(), bus: this.#bus, compareMs: COMPARE_MS })
  }

  async #cutConnections(): Promise<void> {
    const { url } = this.#database.test
    // PGlite has no connections to cut.
    if (url === undefined) return
    await runSql(
      url,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const instance of this.#instances) await instance[Symbol.asyncDispose]()
    await this.#stack[Symbol.asyncDispose]()
  }
}
