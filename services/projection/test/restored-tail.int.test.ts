import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { openService, type ServiceFixture } from './service-fixture.ts'

const halted = { stream: 'run/a', type: 'RUN_HALTED' }
const sse = { accept: 'text/event-stream' }

/** As after a restore: fewer events, and a new era. */
async function goBackTo({ journal }: ServiceFixture, position: number): Promise<void> {
  await sql`update journal.head set era = era + 1, position = ${position}`.execute(journal.database.kysely)
}

describe('a live tail of a journal that was restored', () => {
  it('ends and says why, instead of waiting for the journal to come as far again', async () => {
    await using fixture = await openService()
    await fixture.journal.append(halted, halted, halted)
    const response = await fetch(`${fixture.service.http.url}/v1/events?after=0`, { headers: sse })
    expect(response.headers.get('daybook-era')).toBe('1')
    let text = ''
    const reading = (async () => {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk
    })()
    await waitFor(() => text.includes('id: 3'), { what: 'the events' })
    await goBackTo(fixture, 1)
    await reading
    expect(text).toMatch(/event: error\ndata: \{.*"code":"journal-restored"/)
  })

  it('is refused after an event that the journal no longer has, and tells its era otherwise', async () => {
    await using fixture = await openService()
    await fixture.journal.append(halted, halted, halted)
    await goBackTo(fixture, 1)
    expect(await fixture.get('/v1/events', { ...sse, 'last-event-id': '3' })).toMatchObject({
      status: 409,
      body: { code: 'journal-restored' },
    })
    const stop = new AbortController()
    const { headers } = await fetch(`${fixture.service.http.url}/v1/events?after=1`, {
      headers: sse,
      signal: stop.signal,
    })
    expect(headers.get('daybook-era')).toBe('2')
    stop.abort()
  })
})
