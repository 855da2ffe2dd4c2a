import { readFileSync } from 'node:fs'
import { connectDaybook, type Daybook, type Schema } from '@daybook/client'
import type { JsonObject } from '@daybook/errors'
import { describe, expect, it } from 'vitest'
import { moduleText } from '../src/schema/module-text.ts'
import { isSameSchema, parseSchemaFile } from '../src/schema/schema-file.ts'
import type { UserEvents } from './fixtures/user-events.ts'

const golden = readFileSync(new URL('fixtures/user-events.ts', import.meta.url), 'utf8')

const added = (type: string, v: number, schema: JsonObject, description?: string): Schema => ({
  kind: 'order',
  type,
  v,
  origin: 'user',
  schema: { type: 'object', ...schema },
  ...(description !== undefined && { description }),
})

/** Names and texts that would be program text if they were not quoted. */
const hostile = "'; */ process.exit(1) // \u2028 \\ ${x} `"

const schemas: Schema[] = [
  added(
    'OrderPlaced',
    2,
    {
      $defs: { currency: { enum: ['EUR', 'USD'], description: 'ISO 4217' } },
      properties: {
        total: { type: 'integer', minimum: 0, description: 'In cents' },
        currency: { $ref: '#/$defs/currency' },
        lines: { type: 'array', items: { type: ['string', 'null'] } },
        buyer: { anyOf: [{ type: 'string' }, { type: 'object', properties: { id: { type: 'integer' } } }] },
        gift: {
          allOf: [
            { type: 'object', properties: { from: {} } },
            { oneOf: [{ type: 'object' }, { type: 'null' }] },
          ],
        },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        old: { type: 'boolean', deprecated: true, title: 'Was used once', description: 'Not any more' },
        empty: { type: 'object', additionalProperties: false },
      },
      required: ['total', 'currency', 'undeclared'],
      additionalProperties: false,
    },
    'An order was placed',
  ),
  added('OrderPlaced', 1, { properties: { total: { type: 'integer' } }, required: ['total'] }),
  added('order-lost', 1, {
    properties: { [hostile]: { enum: [hostile, 1, null], description: hostile } },
    description: hostile,
  }),
]

describe('the types of event types', () => {
  it('are written as a module for the SDK, the same each time', () => {
    expect(moduleText(schemas)).toBe(golden)
    expect(moduleText(schemas.toReversed())).toBe(golden)
  })

  it('hold nothing of a schema that could be run', async () => {
    const module: object = await import('./fixtures/user-events.ts')
    expect(Object.keys(module)).toEqual([])
  })

  it('let the compiler check what is drafted and what is read', async () => {
    await using daybook: Daybook<UserEvents> = await connectDaybook<UserEvents>({ url: 'http://127.0.0.1:1' })
    const stream = 'order/1'
    const draft = daybook.draft({ type: 'OrderPlaced', v: 1, stream, data: { total: 7 } })
    expect(draft).toMatchObject({ type: 'OrderPlaced', v: 1, data: { total: 7 }, id: expect.any(String) })
    // @ts-expect-error a total is a number
    daybook.draft({ type: 'OrderPlaced', v: 1, stream, data: { total: 'seven' } })
    // @ts-expect-error version 2 has a currency
    daybook.draft({ type: 'OrderPlaced', v: 2, stream, data: { total: 7, undeclared: 0 } })
    // @ts-expect-error there is no version 3
    daybook.draft({ type: 'OrderPlaced', v: 3, stream, data: { total: 7 } })
    // @ts-expect-error only the server knows the newest version of a type that was added
    expect(() => daybook.draft({ type: 'OrderPlaced', stream, data: { total: 7 } })).toThrow(
      /needs its version/,
    )
    // @ts-expect-error there is no such type
    expect(() => daybook.draft({ type: 'OrderFound', stream, data: {} })).toThrow(/no event type OrderFound/)
    daybook.draft({ type: 'RUN_COMPLETED', stream: 'run/1', data: {} })
    expect(readTotals).toBeTypeOf('function')
  })
})

/** Never run: the compiler has to take it, with the types that it says. */
async function readTotals(daybook: Daybook<UserEvents>): Promise<number> {
  let sum = 0
  for await (const event of daybook.subscribe({ types: ['OrderPlaced', 'RUN_FAILED'] })) {
    // @ts-expect-error an erased event has no data; it has to be looked at first
    void event.data.total
    if (event.erased !== undefined) continue
    if (event.type === 'RUN_FAILED') {
      const reason: unknown = event.data.error
      void reason
      continue
    }
    sum += event.data.total
    // @ts-expect-error version 1 has no currency
    void event.data.currency
    if (event.v === 2) void (event.data.currency satisfies 'EUR' | 'USD')
  }
  for await (const event of daybook.events()) void (event.data satisfies JsonObject)
  return sum
}

describe('a schema file', () => {
  it('is the same schema however it is written and wherever it comes from', () => {
    const mine = parseSchemaFile('{"type":"object","title":"A"}')
    expect(isSameSchema({ $id: 'urn:x', title: 'A', type: 'object' }, mine)).toBe(true)
    expect(isSameSchema({ title: 'B', type: 'object' }, mine)).toBe(false)
  })

  it.each([
    ['{"type":"object","type":"object"}', 'duplicate-json-key'],
    ['{"type":', 'invalid-json'],
    ['[]', 'invalid-schema'],
    ['{"type":"object","$ref":"https://example.org"}', 'invalid-schema'],
  ])('that is none is refused before anything is sent: %s', (text, code) => {
    expect(() => parseSchemaFile(text)).toThrow(expect.objectContaining({ code }))
  })
})
