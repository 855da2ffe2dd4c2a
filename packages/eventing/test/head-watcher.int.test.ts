import { setTimeout as delay } from 'node:timers/promises'
import { connectBus } from '@daybook/bus'
import { subjects } from '@daybook/events'
import { startNats, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { watchHead } from '../src/head-watcher.ts'
import { journalReader } from '../src/journal-reader.ts'
import { createJournalFixture, type JournalFixture } from './journal-fixture.ts'
import { silent } from './toy-projection.ts'

const NEVER_MS = 600_000

describe('watchHead', () => {
  let journal: JournalFixture
  const head = () => journalReader(journal.database.kysely).head()
  const entry = { stream: 'run/a', type: 'RUN_HALTED' }
  const unending = new AbortController().signal

  beforeAll(async () => {
    journal = await createJournalFixture()
  })
  afterAll(() => journal[Symbol.asyncDispose]())

  it('wakes a waiter when it is told that the journal grew', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    await using watcher = watchHead({ readHead: head, bus, logger: silent, pollMs: NEVER_MS })
    const before = (await head()).position
    const woken = watcher.waitBeyond(before, unending)
    await journal.append(entry)
    // A signal is lost if it comes before the subscription has reached the server, so it is repeated.
    const reached = await waitFor(
      () => {
        bus.publish(subjects.head, 'grew')
        return Promise.race([woken, delay(50, undefined)])
      },
      { what: 'the waiter' },
    )
    expect(reached).toBe(before + 1)
  })

  it('is not fooled by a forged signal', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    let looks = 0
    const readHead = () => {
      looks += 1
      return head()
    }
    await using watcher = watchHead({ readHead, bus, logger: silent, pollMs: NEVER_MS })
    const stop = new AbortController()
    const { position } = await head()
    const woken = watcher.waitBeyond(position, stop.signal).catch(() => 'stopped')
    await waitFor(
      () => {
        bus.publish(subjects.head, '9007199254740991')
        return looks > 3
      },
      { what: 'several looks' },
    )
    expect(watcher.position).toBe(position)
    stop.abort()
    expect(await woken).toBe('stopped')
  })

  it('finds growth by itself when no signal comes', async () => {
    await using watcher = watchHead({ readHead: head, logger: silent, pollMs: 20 })
    const before = (await head()).position
    const woken = watcher.waitBeyond(before, unending)
    await journal.append(entry)
    expect(await woken).toBe(before + 1)
  })

  it('answers at once what it knows already', async () => {
    await using watcher = watchHead({ readHead: head, logger: silent, pollMs: NEVER_MS })
    const first = await watcher.waitBeyond(0, unending)
    expect(await watcher.waitBeyond(first - 1, unending)).toBe(first)
  })

  it('goes on waiting while the database does not answer', async () => {
    let broken = true
    const readHead = () => (broken ? Promise.reject(new Error('database away')) : head())
    await using watcher = watchHead({ readHead, logger: silent, pollMs: 10 })
    const woken = watcher.waitBeyond(0, unending)
    broken = false
    expect(await woken).toBe((await head()).position)
  })

  it('stops waiting when the caller does', async () => {
    await using watcher = watchHead({ readHead: head, logger: silent, pollMs: NEVER_MS })
    const stop = new AbortController()
    const woken = watcher.waitBeyond(Number.MAX_SAFE_INTEGER, stop.signal)
    stop.abort(new Error('enough'))
    await expect(woken).rejects.toThrow('enough')
  })
})
