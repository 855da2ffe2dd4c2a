import specs from '@asyncapi/specs'
import { createUlids } from '@daybook/events'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { addOrder, askAs, ORDER_V2, order } from './schemas-fixture.ts'
import { createJournalDatabase, log, openJournalService, readAll } from './service-fixture.ts'

const nextId = createUlids()

/** By the JSON Schema that the makers of AsyncAPI publish. */
function faultsOf(document: object): unknown[] {
  // It brings the meta schema of JSON Schema along.
  const ajv = new Ajv({ strict: false, meta: false, validateSchema: false })
  addFormats.default(ajv)
  const check = ajv.compile(Object(specs.schemas['3.0.0']))
  return check(document) ? [] : (check.errors ?? [])
}

/** Every reference in a document has to lead somewhere in it. */
function brokenReferences(document: unknown): string[] {
  const broken: string[] = []
  JSON.stringify(document, (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value
    const steps = value.replace(/^#\//, '').split('/')
    const target = steps.reduce<unknown>((at, step) => (at === undefined ? at : Object(at)[step]), document)
    if (!value.startsWith('#/') || target === undefined) broken.push(value)
    return value
  })
  return broken
}

describe('the AsyncAPI document', () => {
  it('is valid by the official schema, whole in itself, and describes the events that are published', async () => {
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect())
    await addOrder(journal, { description: 'Paid' })
    await addOrder(journal, { v: 2, schema: ORDER_V2 })
    const { body: document } = await askAs(journal)('GET', '/v1/asyncapi.json')
    expect(faultsOf(document)).toEqual([])
    expect(faultsOf({ ...document, operations: { sing: { action: 'sing' } } })).not.toEqual([])
    expect(brokenReferences(document)).toEqual([])
    expect(document.channels.OrderPlaced).toMatchObject({
      address: 'daybook.events.{tenant}.order.{id}.OrderPlaced',
      messages: {
        'OrderPlaced.v1': { $ref: '#/components/messages/OrderPlaced.v1' },
        'OrderPlaced.v2': { $ref: '#/components/messages/OrderPlaced.v2' },
      },
    })
    expect(document.channels.append.address).toBe('daybook.rpc.{tenant}.journal.append')
    expect(document.channels.appendQueueBy.address).toBe(
      'daybook.queue.{tenant}.append.{actorKind}.{actorId}',
    )
    expect(document.components.messages['OrderPlaced.v1']).toMatchObject({ description: 'Paid' })

    const second = order({ id: nextId(), v: 2, data: { total: 1, currency: 'EUR' } })
    await journal.append([order(), second, log('run/a', 'x')])
    const ajv = new Ajv({ strict: false }).addSchema({ $id: 'document', ...document })
    for (const event of await readAll(database.connect())) {
      const name = `${event.type}.v${event.v}`
      const fits = (value: object) =>
        ajv.validate({ $ref: `document#/components/messages/${name}/payload` }, value)
      expect([name, fits(event)]).toEqual([name, true])
      expect(fits({ ...event, v: 9 })).toBe(false)
      expect(fits({ ...event, data: { nothing: 'like it' } })).toBe(false)
      expect(fits({ ...event, data: {}, erased: { erasureId: 'e' } })).toBe(true)
    }
  })

  it('shows a tenant its own types only', async () => {
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect())
    await addOrder(journal, {}, 'acme')
    expect((await askAs(journal)('GET', '/v1/asyncapi.json')).body.channels.OrderPlaced).toBeUndefined()
    expect((await askAs(journal, 'acme')('GET', '/v1/asyncapi.json')).body.channels.OrderPlaced).toBeDefined()
  })
})
