import { journalReader } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { send } from './http.ts'
import { log, nextId, sharedJournal } from './service-fixture.ts'

const { database, journal } = await sharedJournal()

const erase = (body: object) => send(journal, 'POST', '/v1/erasures', body)

async function streamOf(name: string): Promise<JournalEvent[]> {
  return journalReader(database.connect().kysely).page({ tenant: 'main', stream: name, limit: 1_000 })
}

const newStream = () => `run/${nextId()}`

describe('a legal hold', () => {
  it('forbids the erasure of its stream, also by ids, until it is released', async () => {
    const [held, free] = [newStream(), newStream()]
    const { receipts } = await journal.append([log(held, 'evidence'), log(free, 'other')])
    const set = await send(journal, 'PUT', `/v1/holds/${held}`, { reason: 'case 7' })
    expect(set.body).toMatchObject({ stream: held, reason: 'case 7' })
    const byStream = await erase({ stream: held, reason: 'x' })
    expect([byStream.status, byStream.body.code]).toEqual([409, 'legal-hold'])
    const byIds = await erase({ ids: receipts.map(({ id }) => id), reason: 'x' })
    expect([byIds.body.code, byIds.body.details]).toEqual(['legal-hold', { streams: [held] }])
    expect((await streamOf(held))[0]?.erased).toBeUndefined()
    expect((await streamOf(free))[0]?.erased).toBeUndefined()

    const listed = await send(journal, 'GET', '/v1/holds')
    expect(listed.body.holds).toMatchObject([{ stream: held }])
    const released = await send(journal, 'DELETE', `/v1/holds/${held}?reason=closed`)
    expect(released.status).toBe(200)
    expect((await erase({ stream: held, reason: 'x' })).status).toBe(201)
    const events = await streamOf('hold/legal')
    expect(events.at(-1)).toMatchObject({ type: 'HOLD_RELEASED', actor: { kind: 'user', id: 'tester' } })
  })

  it('is not set twice for the same reason, and one that is not there cannot be released', async () => {
    const stream = newStream()
    const first = await send(journal, 'PUT', `/v1/holds/${stream}`, { reason: 'case 8' })
    expect((await send(journal, 'PUT', `/v1/holds/${stream}`, { reason: 'case 8' })).body).toEqual(first.body)
    const none = await send(journal, 'DELETE', `/v1/holds/${newStream()}?reason=x`)
    expect([none.status, none.body.code]).toEqual([404, 'not-found'])
  })

  // Without the expectation on the holds' stream, both of them would succeed in some of the rounds.
  it('wins or loses against an erasure at the same moment, never both', async () => {
    for (let round = 0; round < 15; round += 1) {
      const stream = newStream()
      await journal.append([log(stream, 'a')])
      const [hold, erasure] = await Promise.all([
        send(journal, 'PUT', `/v1/holds/${stream}`, { reason: 'case 9' }),
        erase({ stream, reason: 'x' }),
      ])
      expect(hold.status).toBe(200)
      const holdAt =
        (await streamOf('hold/legal')).findLast(({ data }) => data['stream'] === stream)?.position ?? 0
      if (erasure.status === 201) expect(erasure.body.position).toBeLessThan(holdAt)
      else expect(erasure.body.code).toBe('legal-hold')
    }
  })
})
