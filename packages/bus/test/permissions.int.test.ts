import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempFolder, findNatsServer, freePort, startProcess, waitFor } from '@daybook/testing'
import { nkeys } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectBus } from '../src/index.ts'
import { errorOf, recordingLogger } from './recorder.ts'

const timeoutMs = 5_000
const pair = nkeys.createUser()
const nkeySeed = new TextDecoder().decode(pair.getSeed())
const stack = new AsyncDisposableStack()
let address: string

beforeAll(async () => {
  const folder = stack.use(await createTempFolder())
  const port = await freePort()
  const config = join(folder.path, 'nats.conf')
  await writeFile(
    config,
    `listen: "127.0.0.1:${port}"
authorization {
  users: [
    { nkey: ${pair.getPublicKey()}, permissions: { publish: "_INBOX_asker.>", subscribe: "rpc.>" } }
    { user: asker, password: "p@ss", permissions: { publish: "rpc.allowed", subscribe: "_INBOX_asker.>" } }
  ]
}
`,
  )
  stack.use(
    await startProcess({
      command: await findNatsServer(),
      args: ['-c', config],
      readyWhen: /Server is ready/,
    }),
  )
  address = `127.0.0.1:${port}`
})

afterAll(async () => {
  await stack.disposeAsync()
})

const asker = () => ({ servers: `nats://asker:p%40ss@${address}`, name: 'asker', wait: true })

describe('a server with users', () => {
  it('lets in who has the key or the password, and replies come to the own inbox only', async () => {
    await using service = await connectBus({ servers: address, name: 'service', nkeySeed, wait: true })
    await using client = await connectBus({ ...asker(), inboxPrefix: '_INBOX_asker' })
    await using _ = service.respond('rpc.allowed', 'service', (message) => `${message.text()}!`)
    const reply = await waitFor(() => client.request('rpc.allowed', 'hello', { timeoutMs }), {
      what: 'the responder',
    })
    expect(reply.text()).toBe('hello!')
  })

  it('says why it does not get in, without the password', async () => {
    const config = {
      servers: address,
      name: 'stranger',
      user: 'asker',
      password: 'wrong',
      wait: true,
      waitMs: 500,
    }
    const error = await errorOf(connectBus(config))
    expect(error).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Authorization Violation/),
    })
    expect(error).toMatchObject({ message: expect.not.stringContaining('wrong') })
  })

  it('says at once that a request is not allowed', async () => {
    await using client = await connectBus({ ...asker(), inboxPrefix: '_INBOX_asker' })
    const error = await errorOf(client.request('rpc.forbidden', '', { timeoutMs: 60_000 }))
    expect(error).toMatchObject({
      code: 'unsafe-configuration',
      message: expect.stringContaining('rpc.forbidden'),
    })
  })

  it('logs a subscription that is refused, and goes on', async () => {
    const logger = recordingLogger()
    await using client = await connectBus({ ...asker(), inboxPrefix: '_INBOX_asker' }, logger)
    await using _ = client.respond('rpc.forbidden', 'client', () => '')
    await waitFor(() => logger.messages().includes('subscription refused'), { what: 'a line in the log' })
    expect(client.connected).toBe(true)
  })
})
