import type { Draft, JsonObject } from '@daybook/events'
import { type JournalFixture, nextId } from './service-fixture.ts'

/** What an order is, in its first version. */
export const ORDER_V1: JsonObject = {
  type: 'object',
  properties: {
    total: { type: 'integer', minimum: 0 },
    code: { type: 'string', maxLength: 8, pattern: '^[A-Z]+$' },
  },
  required: ['total'],
  additionalProperties: false,
}

/** And in its second: with a currency. */
export const ORDER_V2: JsonObject = {
  type: 'object',
  $defs: { currency: { enum: ['EUR', 'USD'] } },
  properties: { total: { type: 'integer' }, currency: { $ref: '#/$defs/currency' } },
  required: ['total', 'currency'],
  additionalProperties: false,
}

export function order(more: Partial<Draft> = {}): Draft {
  return { id: nextId(), stream: 'order/1', type: 'OrderPlaced', v: 1, data: { total: 7 }, ...more }
}

/** Asks a journal service over HTTP, as the gateway does for a tenant. */
export function askAs(journal: JournalFixture, tenant = 'main') {
  return async (
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: any }> => {
    const response = await fetch(`${journal.service.http.url}${path}`, {
      method,
      headers: {
        'daybook-tenant': tenant,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
}

/** Adds version 1 of OrderPlaced, or what is said instead. */
export function addOrder(journal: JournalFixture, more: object = {}, tenant = 'main') {
  const addition = { kind: 'order', type: 'OrderPlaced', v: 1, schema: ORDER_V1, ...more }
  return askAs(journal, tenant)('POST', '/v1/schemas', addition)
}
