import { eventLeaf, openCheckpoint, verifyConsistency, verifyInclusion } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { journalOf, key, rootOver, seal } from './sealable-journal.ts'
import { readAll } from './service-fixture.ts'

describe('GET', () => {
  it('/v1/checkpoint answers 404 before the first one, and then the signed note', async () => {
    await using setup = await journalOf(0)
    const { database, journal, add } = setup
    const get = (path: string) => fetch(`${journal.service.http.url}${path}`)
    const none = await get('/v1/checkpoint')
    expect([none.status, await none.json()]).toEqual([404, expect.objectContaining({ code: 'not-found' })])
    await add(3)
    await seal(database)
    const answer = await get('/v1/checkpoint')
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(openCheckpoint(await answer.text(), [key.verifier])).toMatchObject({ checkpoint: { size: 3 } })
    expect(await (await get('/v1/checkpoint/keys')).json()).toEqual({
      keys: [{ key: key.verifier.text, firstSize: 3, lastSize: 3 }],
    })
  })

  it('/v1/events/{id}/proof proves any event into the newest checkpoint', async () => {
    await using setup = await journalOf(600)
    const { database, journal, add } = setup
    await seal(database)
    await add(1)
    const events = await readAll(database)
    for (const event of [1, 2, 256, 257, 400, 513, 599, 600].map((position) => events[position - 1])) {
      const answer: any = await (
        await fetch(`${journal.service.http.url}/v1/events/${event?.id}/proof`)
      ).json()
      const opened = openCheckpoint(answer.checkpoint, [key.verifier])
      if ('reason' in opened || event === undefined) throw new Error('not a checkpoint')
      const { index, size, hashes } = answer.proof
      expect([index, size, answer.hash]).toEqual([event.position - 1, 600, event.hash])
      const claim = { index, size, leaf: eventLeaf(event), root: opened.checkpoint.root }
      expect(
        verifyInclusion(
          claim,
          hashes.map((hash: string) => Buffer.from(hash, 'hex')),
        ),
      ).toBe(true)
    }
    const unsealed = await fetch(`${journal.service.http.url}/v1/events/${events[600]?.id}/proof`)
    expect([unsealed.status, await unsealed.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'not-sealed' }),
    ])
  })

  it('/v1/events/{id}/proof shows nothing of another tenant', async () => {
    await using setup = await journalOf(1)
    const { database, journal } = setup
    await seal(database)
    const [event] = await readAll(database)
    const url = `${journal.service.http.url}/v1/events/${event?.id}/proof`
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(url, { headers: { 'daybook-tenant': 'other' } })).status).toBe(404)
  })

  it('/v1/consistency proves that one tree begins the other, at any two sizes', async () => {
    await using setup = await journalOf(530)
    const { database, journal } = setup
    await seal(database)
    const events = await readAll(database)
    const sizes = [1, 2, 255, 256, 257, 511, 512, 529, 530]
    for (const [from, to] of sizes.flatMap((to) =>
      sizes.filter((from) => from <= to).map((from) => [from, to] as const),
    )) {
      const url = `${journal.service.http.url}/v1/consistency?from=${from}&to=${to}`
      const { hashes }: any = await (await fetch(url)).json()
      const roots = [from, to].map((size) => Buffer.from(rootOver(events, size), 'hex'))
      const [fromRoot = Buffer.alloc(0), toRoot = Buffer.alloc(0)] = roots
      const claim = { from, fromRoot, to, toRoot }
      expect(
        verifyConsistency(
          claim,
          hashes.map((hash: string) => Buffer.from(hash, 'hex')),
        ),
      ).toBe(true)
    }
    const beyond = await fetch(`${journal.service.http.url}/v1/consistency?from=1&to=531`)
    expect(await beyond.json()).toMatchObject({ code: 'not-sealed' })
    const reversed = await fetch(`${journal.service.http.url}/v1/consistency?from=5&to=4`)
    expect(await reversed.json()).toMatchObject({ code: 'invalid-request' })
  })
})
