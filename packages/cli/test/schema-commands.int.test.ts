import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDaybook } from '@daybook/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook, type Surroundings } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
}, 120_000)

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const run = (args: string[], around: Surroundings = {}) => daybook(args, { cwd: stack.folder, ...around })
const first = {
  type: 'object',
  properties: { total: { type: 'integer' } },
  required: ['total'],
  additionalProperties: false,
}
const second = {
  type: 'object',
  properties: { cents: { type: 'integer' } },
  required: ['cents'],
  additionalProperties: false,
}
const write = (name: string, content: object) =>
  writeFile(join(stack.folder, name), JSON.stringify(content, undefined, 2))
const add = (file: string, ...more: string[]) => run(['schema:add', file, '--type', 'OrderPlaced', ...more])

/** What the types of this test are, as `schema:types` writes them. */
interface Events {
  OrderPlaced: { 1: { total: number }; 2: { cents: number } }
}

describe('event types of your own', () => {
  it('are added from a file, version by version, and the same again changes nothing', async () => {
    await write('first.json', first)
    await write('second.json', second)
    expect(await add('first.json')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('OrderPlaced is new: say with --kind'),
    })
    const told = await add('first.json', '--kind', 'order', '--description', 'Paid')
    expect(told).toEqual({ exitCode: 0, stdout: 'OrderPlaced version 1 was added.\n', stderr: '' })
    expect((await add('first.json')).stdout).toBe('OrderPlaced version 1 was there already.\n')
    const answer = await run(['schema:add', '--type', 'OrderPlaced', '--json'], {
      stdin: JSON.stringify(second),
    })
    expect(JSON.parse(answer.stdout)).toMatchObject({ kind: 'order', v: 2, isNew: true })
    expect(await add('second.json', '--v', '1')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[schema-conflict]'),
    })
    await write('bad.json', { type: 'object', properties: { a: { pattern: '(a+)+$', type: 'string' } } })
    expect(await add('bad.json')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[invalid-schema]'),
    })
  })

  it('are listed and shown', async () => {
    expect((await run(['schema:list', '--mine'])).stdout).toMatch(
      /^TYPE +V +KIND +FROM +ADDED +DESCRIPTION\nOrderPlaced +1 +order +admin +\S+ +Paid\nOrderPlaced +2 +order .*\n$/,
    )
    expect((await run(['schema:list', '--kind', 'run'])).stdout).toMatch(
      /^RUN_CREATED +1 +run +Daybook +The first event of a run/m,
    )
    expect((await run(['schema:show', 'OrderPlaced'])).stdout).toMatch(/^v +2\n.*"cents"/ms)
    const document = await run(['schema:show', 'OrderPlaced', '--v', '1', '--schema'])
    expect(JSON.parse(document.stdout)).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:daybook:schema:OrderPlaced:1',
      ...first,
    })
    expect(await run(['schema:show', 'OrderLost'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[not-found]'),
    })
  })

  it('are written as TypeScript', async () => {
    expect(await run(['schema:types', '--out', 'events.ts'])).toMatchObject({
      exitCode: 0,
      stderr: 'Wrote 2 types to events.ts.\n',
    })
    const text = await readFile(join(stack.folder, 'events.ts'), 'utf8')
    expect(text).toContain('  OrderPlaced: {\n    /** Paid */\n    1: {\n      total: number\n    }\n')
    expect((await run(['schema:types'])).stdout).toBe(text)
  })

  it('are appended and read, in the version that the reader knows', async () => {
    const line = { stream: 'order/1', type: 'OrderPlaced', v: 1, data: { total: 7 } }
    expect(await run(['events:append'], { stdin: JSON.stringify(line) })).toMatchObject({ exitCode: 0 })
    const bad = await run(['events:append'], { stdin: JSON.stringify({ ...line, data: {} }) })
    expect(bad).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[invalid-event-data]') })

    const upcasters = [
      {
        type: 'OrderPlaced',
        v: 1,
        upcast: ({ total }: object & { total?: unknown }) => ({ cents: Number(total) * 100 }),
      },
    ]
    await using daybook = await connectDaybook<Events>({ url: stack.url, token: stack.token, upcasters })
    await daybook.append(daybook.draft({ stream: 'order/1', type: 'OrderPlaced', v: 2, data: { cents: 50 } }))
    const cents: number[] = []
    const signal = AbortSignal.timeout(30_000)
    for await (const event of daybook.subscribe({ types: ['OrderPlaced'], signal })) {
      if (event.erased === undefined && event.v === 2) cents.push(event.data.cents)
      if (cents.length === 2) break
    }
    expect(cents).toEqual([700, 50])
    const tape: [number, number | undefined][] = []
    for await (const { v, recordedV } of daybook.stream('order/1')) tape.push([v, recordedV])
    expect(tape).toEqual([
      [2, 1],
      [2, undefined],
    ])
  })

  it('are shown by the command as they were recorded', async () => {
    const { stdout } = await run([
      'events:tail',
      '--after',
      '0',
      '--limit',
      '1',
      '--kinds',
      'order',
      '--json',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ v: 1, data: { total: 7 } })
    expect(JSON.parse(stdout)).not.toHaveProperty('recordedV')
  })

  it('are described with the subjects of NATS by the gateway', async () => {
    const headers = { authorization: `Bearer ${stack.token}` }
    const answer = await fetch(`${stack.url}/v1/asyncapi.json`, { headers })
    const document: any = await answer.json()
    expect(document.channels.OrderPlaced.address).toBe('daybook.events.{tenant}.order.{id}.OrderPlaced')
    const schema = await fetch(`${stack.url}/v1/schemas/OrderPlaced/2/schema`, { headers })
    expect(schema.headers.get('content-type')).toContain('application/schema+json')
    expect(await schema.json()).toMatchObject(second)
  })
})
