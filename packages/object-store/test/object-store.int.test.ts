import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ObjectStore, openObjectStore } from '../src/index.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

const key = { accessKeyId: 'AKDAYBOOK', secretAccessKey: 'a/secret+key', region: 'eu-test-1' }

let folder: string
let server: S3Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daybook-store-'))
  server = await startS3Server(key)
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const bucket = (access: object = {}) =>
  openObjectStore('s3://bucket/some/prefix/', { ...key, endpoint: server.url, ...access })

const stores: [string, () => ObjectStore][] = [
  ['a folder', () => openObjectStore(join(folder, 'made', 'with', 'the first file'))],
  ['a bucket', () => bucket()],
]

describe.each(stores)('%s', (_what, open) => {
  it('gives back what was put last, and nothing once it was removed', async () => {
    const store = open()
    const content = Buffer.from([0, 1, 2, 255])
    await store.put('main/a=b.jsonl.gz', Buffer.from('before'))
    await store.put('main/a=b.jsonl.gz', content)
    expect(await store.get('main/a=b.jsonl.gz')).toEqual(content)
    await store.remove('main/a=b.jsonl.gz')
    expect(await store.get('main/a=b.jsonl.gz')).toBeUndefined()
    await store.remove('main/a=b.jsonl.gz')
  })

  it.each(['../outside', '/root', 'a//b', 'a/../b', '.hidden', 'a/.hidden', '', 'a b'])(
    'takes no name that leads elsewhere: %s',
    async (name) => {
      await expect(open().put(name, Buffer.from('x'))).rejects.toMatchObject({ code: 'invalid-usage' })
    },
  )
})

describe('a folder', () => {
  it('leaves nothing beside the file', async () => {
    const path = join(folder, 'tidy')
    await openObjectStore(path).put('a', Buffer.from('x'))
    expect(await readdir(path)).toEqual(['a'])
  })
})

describe('a bucket', () => {
  it('puts files under its prefix', async () => {
    await bucket().put('x/y', Buffer.from('x'), { mediaType: 'application/gzip' })
    expect(server.files.get('/bucket/some/prefix/x/y')?.headers['content-type']).toBe('application/gzip')
  })

  it('asks for a lock where a file is to be kept until then', async () => {
    await bucket().put('locked', Buffer.from('x'), { lockedUntil: new Date('2030-01-01T00:00:00Z') })
    expect(server.files.get('/bucket/some/prefix/locked')?.headers).toMatchObject({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2030-01-01T00:00:00.000Z',
      'content-md5': 'ndTkYSaMgDT1yFZOFVxnpg==',
    })
  })

  it('is refused with a wrong secret, and says nothing of it', async () => {
    const store = bucket({ secretAccessKey: 'wrong' })
    const error: unknown = await store.put('x', Buffer.from('x')).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('SignatureDoesNotMatch'),
    })
    expect(String(error)).not.toContain('wrong')
  })

  it('tries again when the service is busy for a moment, and gives up when it stays so', async () => {
    server.failNext(2)
    await bucket().put('busy', Buffer.from('x'))
    server.failNext(3)
    await expect(bucket().get('busy')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('says when it cannot be reached', async () => {
    const store = bucket({ endpoint: 'http://127.0.0.1:1' })
    await expect(store.get('x')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each([['s3://bucket'], ['ftp://host/x']])('needs an address and a key: %s', (location) => {
    expect(() => openObjectStore(location)).toThrow(expect.objectContaining({ code: 'invalid-usage' }))
  })
})
