import { archivedMark, inboundLimitsOf } from '@daybook/events'
import { describeWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'
import { inboundProjection } from '../src/inbound-projection.ts'
import { clearAway } from '../src/maintenance.ts'
import { entriesOf } from '../src/store/totals.ts'
import {
  about,
  claimed,
  completed,
  dead,
  duplicated,
  keyIn,
  type Place,
  received,
} from './message-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const WAIT_MS = 10_000
const HOUR_MS = 60 * 60 * 1_000
const LIMITS: Record<string, object> = {
  small: { maxEntries: 5 },
  tiny: { maxEntries: 2 },
  short: { retentionSeconds: 3_600 },
}
const limitsOf = (source: string) => inboundLimitsOf(LIMITS[source] ?? {})

const byName = (a: string, b: string): number => a.localeCompare(b)

/** So long ago. */
function at(source: string, agoMs: number): Place {
  const recordedAt = new Date(Date.now() - agoMs).toISOString()
  return { source, account: 'support', conversation: 'c', recordedAt }
}

function finished(messageId: string, place: Place): Entry[] {
  return [
    received(messageId, { text: messageId }, place),
    claimed(messageId, place),
    completed(messageId, 0, place),
  ]
}

describeWithServer('messages that are finished', () => {
  let fixture: ServiceFixture
  beforeAll(async () => {
    const sources = Object.fromEntries(Object.entries(LIMITS).map(([name, limits]) => [name, { limits }]))
    fixture = await openService({
      compareMs: 20,
      clearEveryMs: 20,
      sources: JSON.stringify({ sources }),
      // With the rights of the service alone.
      database: (journal) => journal.openAs('daybook_inbound'),
    })
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  async function append(...entries: Entry[]): Promise<void> {
    const events = await fixture.journal.append(...entries)
    expect(await fixture.service.messages.waitFor(events.at(-1)?.position ?? 0, WAIT_MS)).toBe(true)
  }

  async function listed(source: string): Promise<any[]> {
    return (await ask(fixture, `/v1/inbound/messages?source=${source}`)).body.messages
  }

  async function untilListed(
    source: string,
    what: string,
    isSo: (messages: any[]) => boolean,
  ): Promise<any[]> {
    return waitFor(
      async () => {
        const messages = await listed(source)
        return isSo(messages) ? messages : undefined
      },
      { what },
    )
  }

  const show = async (messageId: string, source: string) =>
    ask(fixture, `/v1/inbound/messages/${keyIn(messageId, at(source, 0))}`)

  const entries = async (source: string) =>
    (await fixture.service.messages.read('main', (trx) => entriesOf(trx, { tenant: 'main', source }))).value

  async function verify(): Promise<any> {
    return (await ask(fixture, '/v1/projections/inbound/verify', { method: 'POST' })).body
  }

  const evicted = (messages: any[]) =>
    messages
      .flatMap(({ messageId, payloadEvicted }) => (payloadEvicted === true ? [messageId] : []))
      .toSorted(byName)

  it('lose their payloads when there are too many, those first that were finished first, and nothing else', async () => {
    const ago = (minutes: number) => at('small', minutes * 60_000)
    await append(
      received('d1', 1, ago(90)),
      dead('d1', ago(89)),
      ...[6, 5, 4, 3, 2, 1].flatMap((nth) => finished(`f${nth}`, ago(nth * 10))),
      received('d2', 2, ago(5)),
      dead('d2', ago(4)),
      about('d2', 'INBOUND_DISMISSED', { reason: 'spam' }, ago(1)),
      received('p1', 3, ago(1)),
    )
    const messages = await untilListed('small', 'the payloads to go', (all) => evicted(all).length >= 4)
    expect(evicted(messages)).toEqual(['f3', 'f4', 'f5', 'f6'])
    for (const message of messages)
      expect('payload' in message).toBe(!['f3', 'f4', 'f5', 'f6'].includes(message.messageId))
    expect(messages.find(({ messageId }) => messageId === 'f6')).toMatchObject({
      key: keyIn('f6', ago(0)),
      state: 'completed',
      result: { done: 'f6' },
      payloadHash: expect.any(String),
    })
    expect(await entries('small')).toEqual({ unfinished: 1, withPayload: 5 })
    expect(await verify()).toMatchObject({ ok: true })
  })

  it('are all that loses anything: what is unfinished or dead keeps its payload, however many there are', async () => {
    const place = at('tiny', 60_000)
    await append(
      ...['p1', 'p2', 'p3'].map((id) => received(id, id, place)),
      received('dead', 'dead', place),
      dead('dead', place),
      ...finished('done', { ...place, conversation: 'd' }),
    )
    await untilListed('tiny', 'the payload to go', (all) => evicted(all).length > 0)
    const tables = { ...inboundProjection, database: fixture.journal.database }
    await clearAway({ tables, limitsOf }, new AbortController().signal)
    expect(evicted(await listed('tiny'))).toEqual(['done'])
    expect(await entries('tiny')).toEqual({ unfinished: 3, withPayload: 4 })
  })

  it('are still told from new ones, and shown with the payload that the journal has', async () => {
    await append(duplicated('f6', at('small', 0)))
    expect((await show('f6', 'small')).body).toMatchObject({
      payload: { text: 'f6' },
      payloadEvicted: true,
      duplicates: 1,
    })
    expect(evicted(await listed('small'))).toEqual(['f3', 'f4', 'f5', 'f6'])
    expect(await entries('small')).toEqual({ unfinished: 1, withPayload: 5 })
  })

  it('go when their time is over; what is unfinished or dead stays, however old', async () => {
    const old = at('short', 2 * HOUR_MS)
    await append(
      ...finished('old', old),
      ...finished('young', at('short', HOUR_MS / 2)),
      received('waiting', 1, old),
      received('dead', 2, old),
      dead('dead', old),
    )
    const messages = await untilListed('short', 'the old one to go', (all) => all.length === 3)
    expect(messages.map(({ messageId }) => messageId).toSorted(byName)).toEqual(['dead', 'waiting', 'young'])
    expect((await show('old', 'short')).status).toBe(404)
    await append(duplicated('old', at('short', 0)))
    expect((await show('old', 'short')).status).toBe(404)
    const { sources } = (await ask(fixture, '/v1/inbound/stats?source=short')).body
    expect(sources).toMatchObject([
      { messages: { pending: 1, completed: 1, dead: 1 }, payloads: 3, attempts: 1, duplicates: 0 },
    ])
  })

  it('go once, whichever instances look at the same time, and while more come', async () => {
    const { journal } = fixture
    const instances = [journal.openAnother(), journal.openAnother()]
    const ids = Array.from({ length: 60 }, (_, nth) => `r${nth}`)
    for (let from = 0; from < ids.length; from += 20) {
      await append(...ids.slice(from, from + 20).flatMap((id) => finished(id, at('small', 60_000))))
      await Promise.all(
        instances.map((database) =>
          clearAway({ tables: { ...inboundProjection, database }, limitsOf }, new AbortController().signal),
        ),
      )
    }
    expect(await entries('small')).toEqual({ unfinished: 1, withPayload: 5 })
    const { rows } = await sql<{ kept: number }>`
      select count(*) as kept from inbound.messages where source = 'small' and has_payload`.execute(
      journal.database.kysely,
    )
    expect(rows).toEqual([{ kept: 5 }])
  })

  it('have come to the same after the read model was built anew', async () => {
    const before = [await listed('small'), await listed('short')]
    await ask(fixture, '/v1/projections/inbound/rebuild', { method: 'POST', body: { reason: 'doubt' } })
    await waitFor(
      async () => {
        const [inbound] = (await ask(fixture, '/v1/projections')).body.projections
        return inbound.generations[0].state === 'running' && inbound.generations[0].generation === 2
      },
      { what: 'generation 2 to run' },
    )
    await untilListed('short', 'the old one to go again', (all) => all.length === 3)
    await untilListed(
      'small',
      'the payloads to go again',
      (all) => all.filter((each) => 'payload' in each).length === 5,
    )
    expect([await listed('small'), await listed('short')]).toEqual(before)
  })

  it('are shown without it where the archive that has it cannot be read', async () => {
    await fixture.journal.database.kysely.transaction().execute(async (trx) => {
      await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
      await sql`update journal.events set data = null, erasure_id = ${archivedMark('01K0000000000000000ARCH1VE')}
        where correlation_id = ${keyIn('f5', at('small', 0))} and type = 'INBOUND_RECEIVED'`.execute(trx)
    })
    const { status, body } = await show('f5', 'small')
    expect(status).toBe(200)
    expect(body).toMatchObject({ state: 'completed', payloadEvicted: true })
    expect(body).not.toHaveProperty('payload')
  })
})
