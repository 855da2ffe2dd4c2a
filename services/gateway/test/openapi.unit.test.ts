import { describe, expect, it } from 'vitest'
import { mergeDocuments } from '../src/openapi.ts'

const own = {
  openapi: '3.1.0',
  paths: { '/v1/openapi.json': { get: {} } },
  components: { schemas: { Problem: { a: 1 } } },
}
const ref = (name: string) => ({ schema: { $ref: `#/components/schemas/${name}` } })

describe('mergeDocuments', () => {
  it('joins the operations of one path from two services', () => {
    const journal = { openapi: '3.1.0', paths: { '/v1/events': { post: { summary: 'append' } } } }
    const projection = { openapi: '3.1.0', paths: { '/v1/events': { get: { summary: 'read' } } } }
    const merged = mergeDocuments(own, new Map(Object.entries({ journal, projection })))
    expect(merged.paths).toEqual({
      '/v1/openapi.json': { get: {} },
      '/v1/events': { post: { summary: 'append' }, get: { summary: 'read' } },
    })
    expect(merged).not.toHaveProperty('x-daybook-missing')
  })

  it('leaves out what the gateway does not pass on', () => {
    const paths = {
      '/v1/internal': { get: {} },
      '/v1/runs/{id}': { get: {}, delete: {} },
      '/v1/runsaway': { get: {} },
    }
    const merged = mergeDocuments(own, new Map([['projection', { openapi: '3.1.0', paths }]]))
    expect(Object.entries(merged.paths ?? {}).slice(1)).toEqual([['/v1/runs/{id}', { get: {} }]])
  })

  it('keeps a schema that is the same once, and renames one that is not', () => {
    const first = {
      openapi: '3.1.0',
      paths: {},
      components: { schemas: { Problem: { a: 1 }, 'def-0': { b: 1 } } },
    }
    const second = {
      openapi: '3.1.0',
      paths: { '/v1/runs': { get: ref('def-0') } },
      components: { schemas: { Problem: { a: 1 }, 'def-0': { c: 1 }, Run: { items: ref('def-0').schema } } },
    }
    const merged = mergeDocuments(own, new Map(Object.entries({ journal: first, projection: second })))
    expect(merged.components?.schemas).toEqual({
      Problem: { a: 1 },
      'def-0': { b: 1 },
      'projection.def-0': { c: 1 },
      Run: { items: ref('projection.def-0').schema },
    })
    expect(merged.paths?.['/v1/runs']).toEqual({ get: ref('projection.def-0') })
  })

  it('names the services that did not answer', () => {
    const merged = mergeDocuments(own, new Map([['projection', undefined]]))
    expect(merged['x-daybook-missing']).toEqual(['projection'])
  })
})
