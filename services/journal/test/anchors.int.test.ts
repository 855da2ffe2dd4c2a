import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateSignerKey, openCheckpoint, splitNotes } from '@daybook/events'
import { openObjectStore } from '@daybook/object-store'
import { createLogger, createMetrics } from '@daybook/runtime'
import { createTempFolder, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import type { Anchor } from '../src/seal/anchors/anchor.ts'
import { startAnchoring } from '../src/seal/anchors/anchoring.ts'
import { fileAnchor } from '../src/seal/anchors/file.ts'
import { httpAnchor } from '../src/seal/anchors/http.ts'
import { storeAnchor } from '../src/seal/anchors/store.ts'
import { observeSealing } from '../src/seal/observe.ts'
import { sealNext } from '../src/seal/seal.ts'
import { isSigned } from './aws-signature.ts'
import { listen } from './http-listener.ts'
import { createJournalDatabase, log, openJournalService } from './service-fixture.ts'

const ORIGIN = 'test.example/journal'
const { key } = generateSignerKey(ORIGIN)
const silent = createLogger({ service: 'test', level: 'silent' })
const note = 'test.example/journal/1\n7\nAAAA\n\n— test.example/journal AAAA\n'
const never = new AbortController().signal

async function sealable() {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await createJournalDatabase())
  const database = test.connect()
  const journal = stack.use(await openJournalService(database))
  const seal = async (): Promise<number> => {
    await journal.append([log('run/a', 'x')])
    return (await sealNext(database, { signer: key, origin: ORIGIN })).checkpoint?.size ?? 0
  }
  const opened = stack.move()
  const anchoring = (anchor: Anchor, intervalMs = 1) =>
    startAnchoring({ database, anchor, intervalMs, logger: silent })
  return { database, seal, anchoring, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

describe('anchoring', () => {
  it('takes each newest checkpoint once to a file, also over restarts', async () => {
    await using setup = await sealable()
    await using folder = await createTempFolder()
    const path = join(folder.path, 'anchors.txt')
    const sizes = async (): Promise<number[]> =>
      splitNotes(await readFile(path, 'utf8').catch(() => '')).map((note) => {
        const opened = openCheckpoint(note, [key.verifier])
        return 'reason' in opened ? -1 : opened.checkpoint.size
      })
    for (const expected of [[1], [1, 2]]) {
      await setup.seal()
      await using _anchoring = setup.anchoring(fileAnchor(path))
      await waitFor(async () => (await sizes()).length === expected.length, {
        what: 'the checkpoint in the file',
      })
      expect(await sizes()).toEqual(expected)
    }
    expect(await sizes()).toEqual([1, 2])
  })

  it('is tried again when the anchor fails, and does not hold up sealing', async () => {
    await using setup = await sealable()
    let isBroken = true
    await using server = await listen(() => ({ status: isBroken ? 500 : 204 }))
    await setup.seal()
    await using _anchoring = setup.anchoring(httpAnchor(server.url))
    await waitFor(() => server.heard.length >= 2, { what: 'two tries' })
    expect(await setup.seal()).toBe(2)
    isBroken = false
    await waitFor(() => server.heard.at(-1)?.body.toString().split('\n')[1] === '2', {
      what: 'the newest checkpoint at the anchor',
    })
  })

  it('shows its age', async () => {
    await using setup = await sealable()
    await using folder = await createTempFolder()
    const metrics = createMetrics({ service: 'sealer', processMetrics: false })
    observeSealing(metrics, setup.database, ['file'])
    await setup.seal()
    {
      await using _anchoring = setup.anchoring(fileAnchor(join(folder.path, 'anchors.txt')))
      await waitFor(async () => /anchor_age_seconds\{anchor="file".*\} \d/.test(await metrics.text()), {
        what: 'the age of the anchor',
      })
    }
    const text = await metrics.text()
    expect(text).toMatch(/daybook_checkpoint_age_seconds\{.*\} \d/)
    expect(text).toMatch(/daybook_unsealed_events\{.*\} 0/)
  })
})

describe('the HTTP anchor', () => {
  it('posts the note with its authorization', async () => {
    await using server = await listen(() => ({ status: 201 }))
    expect(await httpAnchor(`${server.url}/take`, 'Bearer abc').put({ size: 7, note }, never)).toBe(
      `${server.url}/take`,
    )
    expect(server.heard).toMatchObject([
      { method: 'POST', path: '/take', headers: { authorization: 'Bearer abc' } },
    ])
    expect(server.heard[0]?.body.toString()).toBe(note)
  })

  it('goes nowhere else, whatever the endpoint answers', async () => {
    await using inner = await listen(() => ({ status: 200 }))
    for (const status of [301, 302, 307, 308]) {
      await using server = await listen(() => ({ status, location: `${inner.url}/metadata` }))
      await expect(httpAnchor(server.url).put({ size: 7, note }, never)).rejects.toThrow()
      expect(server.heard).toHaveLength(1)
    }
    expect(inner.heard).toEqual([])
  })
})

describe('the S3 anchor', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
  const access = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: secret }

  // No S3-compatible server is to be had from npm that checks signatures and knows locks, so a strict listener it is.
  it('puts each checkpoint under a name of its own, signed and locked', async () => {
    await using server = await listen((heard) => ({ status: isSigned(heard, secret) ? 200 : 403 }))
    const store = openObjectStore('s3://seals/daybook', { ...access, endpoint: server.url })
    await storeAnchor(store, 365).put({ size: 7, note }, never)
    const [heard] = server.heard
    expect(heard).toMatchObject({
      method: 'PUT',
      path: '/seals/daybook/checkpoints/0000000000000007.txt',
      headers: { 'x-amz-object-lock-mode': 'COMPLIANCE' },
    })
    const until = Date.parse(String(heard?.headers['x-amz-object-lock-retain-until-date']))
    expect(Math.round((until - Date.now()) / 86_400_000)).toBe(365)
    expect(heard?.body.toString()).toBe(note)
  })

  it('asks for no lock where there is none', async () => {
    await using server = await listen(() => ({ status: 200 }))
    const store = openObjectStore('s3://seals', { ...access, endpoint: server.url })
    await storeAnchor(store, 0).put({ size: 7, note }, never)
    expect(server.heard[0]?.headers).not.toHaveProperty('x-amz-object-lock-mode')
  })

  it('fails with another secret', async () => {
    await using server = await listen((heard) => ({ status: isSigned(heard, 'another') ? 200 : 403 }))
    const store = openObjectStore('s3://seals', { ...access, endpoint: server.url })
    await expect(storeAnchor(store, 1).put({ size: 7, note }, never)).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
})
