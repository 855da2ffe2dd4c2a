import { connectBus } from '@daybook/bus'
import { startNats, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { createJournalDatabase, type JournalFixture, log, openJournalService } from './service-fixture.ts'

async function metricsOf({ service }: JournalFixture): Promise<Map<string, number>> {
  const text = await (await fetch(`${service.http.url}/metrics`)).text()
  const samples = text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^daybook_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    const own = labels.split(',').filter((label) => label !== '' && !label.startsWith('service='))
    return name === undefined ? [] : [[[name, ...own].join(' '), Number(value)] as const]
  })
  return new Map(samples)
}

describe('the metrics of the journal', () => {
  it('tell how far it is, how far the relay is, what waits, and what was refused', async () => {
    await using nats = await startNats()
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await using bus = await connectBus({ servers: nats.url, name: 'producer', wait: true })
    // The journal makes the streams beside its start: on a busy machine they may come later than this.
    await bus.ensureTopology()
    await journal.append([log('run/a', '1'), log('run/a', '2'), log('run/b', '3')])
    await bus.publishQueued('daybook.queue.main.append', 'no request')
    const metrics = await waitFor(
      async () => {
        const now = await metricsOf(journal)
        const isThere =
          now.get('relay_lag_positions') === 0 && now.get('dead_letters_open source="journal-queue"') === 1
        return isThere ? now : undefined
      },
      { timeoutMs: 20_000, what: 'the relay and the queue' },
    )
    expect(Object.fromEntries(metrics)).toMatchObject({
      journal_head_position: 3,
      relay_position: 3,
      relay_events_total: 3,
      relay_failures_total: 0,
      append_over_budget_total: expect.any(Number),
      append_batch_events_sum: 3,
      append_duration_seconds_count: 1,
      partition_positions_ahead: expect.toSatisfy((ahead: number) => ahead >= 1_000_000),
      'consumer_waiting_messages durable="journal-queue"': 0,
      unsealed_events: 3,
    })
  })

  it('are answered while NATS is away, without the numbers that only NATS knows', async () => {
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect())
    await journal.append([log('run/a', '1')])
    const metrics = await metricsOf(journal)
    expect(metrics.get('consumer_waiting_messages durable="journal-queue"')).toBeUndefined()
    expect(metrics.get('relay_lag_positions')).toBe(1)
  })
})
