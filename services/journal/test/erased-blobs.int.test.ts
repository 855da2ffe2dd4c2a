import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { eraseBlobs } from '../src/store/erasures.ts'
import { send } from './http.ts'
import { nextId, sharedJournal } from './service-fixture.ts'

const { database, journal } = await sharedJournal()

const erase = (body: object) => send(journal, 'POST', '/v1/erasures', body)

const newStream = () => `run/${nextId()}`

describe('the blobs of erased events', () => {
  const keep = async (content: string, mediaType = 'text/plain') => {
    const response = await fetch(`${journal.service.http.url}/v1/blobs`, {
      method: 'POST',
      headers: { 'content-type': mediaType },
      body: content,
    })
    const { sha256, bytes }: any = await response.json()
    return { $blob: String(sha256), bytes: Number(bytes), mediaType }
  }
  const isThere = async (sha256: string) =>
    (await fetch(`${journal.service.http.url}/v1/blobs/${sha256}`)).status === 200
  const completed = (stream: string, output: object) => ({
    id: nextId(),
    stream,
    type: 'RUN_COMPLETED',
    v: 1,
    data: { output: JSON.parse(JSON.stringify(output)) },
  })

  it('go when nothing else refers to them, and stay while something does', async () => {
    const [a, b] = [newStream(), newStream()]
    const [alone, shared] = [await keep(`alone ${nextId()}`), await keep(`shared ${nextId()}`)]
    await journal.append([completed(a, { alone, shared }), completed(b, { shared })])
    await erase({ stream: a, reason: 'x' })
    expect([await isThere(alone.$blob), await isThere(shared.$blob)]).toEqual([false, true])
    await erase({ stream: b, reason: 'x' })
    expect(await isThere(shared.$blob)).toBe(false)
  })

  it('go also when they are named in a list that is a blob itself, and stay for another event', async () => {
    const text = `file ${nextId()}`
    const file = await keep(text)
    const list = await keep(
      JSON.stringify([{ path: 'a.txt', sha256: file.$blob, bytes: text.length }]),
      'application/json',
    )
    const [a, b] = [newStream(), newStream()]
    await journal.append([completed(a, { files: list }), completed(b, { file })])
    await erase({ stream: b, reason: 'x' })
    expect(await isThere(file.$blob)).toBe(true)
    await erase({ stream: a, reason: 'x' })
    expect([await isThere(list.$blob), await isThere(file.$blob)]).toEqual([false, false])
  })

  it('wait for a producer who has just kept one anew and is about to refer to it', async () => {
    const text = `again ${nextId()}`
    const blob = await keep(text)
    const stream = newStream()
    await journal.append([completed(stream, { blob })])
    expect(blob.$blob).toBe(createHash('sha256').update(text).digest('hex'))
    await keep(text)
    const { body } = await erase({ stream, reason: 'x' })
    expect([body.progress, await isThere(blob.$blob)]).toEqual([
      { payloads: 'done', bundles: 'done', blobs: 'pending', stream: 'pending' },
      true,
    ])
    expect(await eraseBlobs(database.connect(), body.position, 0)).toBe(true)
    expect(await isThere(blob.$blob)).toBe(false)
  })
})
