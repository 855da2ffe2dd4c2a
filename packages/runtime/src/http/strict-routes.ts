import { DaybookError } from '@daybook/errors'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { Type } from 'typebox'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on routes that hand requests on unread (a proxy): the service behind them checks. */
    passThrough?: boolean
  }
}

const NO_PARAMETERS = Type.Object({}, { additionalProperties: false })

/**
 * Makes the start fail for a route that would let unknown fields through or that the API documentation could not name.
 * A route without a query schema takes no query parameters. Must come before the routes.
 */
export function requireStrictRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.passThrough === true) return
    route.schema = { querystring: NO_PARAMETERS, ...route.schema }
    const faults = [...looseSchemas(route), ...undocumented(route)]
    if (faults.length === 0) return
    throw new DaybookError('internal', `Route ${String(route.method)} ${route.url}: ${faults.join('; ')}.`)
  })
}

function looseSchemas({ schema }: RouteOptions): string[] {
  const parts = { body: schema?.body, querystring: schema?.querystring, params: schema?.params }
  return Object.entries(parts).flatMap(([part, schema]) => looseObjects(schema, part))
}

function undocumented({ schema }: RouteOptions): string[] {
  if (schema?.hide === true) return []
  const missing = (['operationId', 'summary', 'tags'] as const).filter(
    (field) => schema?.[field] === undefined,
  )
  return missing.map((field) => `its schema has no ${field}`)
}

/**
 * Finds the objects that list their fields and yet take others. An object without listed fields is a map on purpose
 * (the payload of an event), if it says so.
 */
function looseObjects(schema: unknown, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((item, index) => looseObjects(item, `${path}/${index}`))
  if (typeof schema !== 'object' || schema === null) return []
  const faults = isLoose(schema) ? [`${path} takes unknown fields (set additionalProperties: false)`] : []
  // The keys below `properties` are names of fields, which may be called like keywords.
  const inner = Object.entries(schema).filter(([keyword]) => !NOT_SCHEMAS.has(keyword))
  return [
    ...faults,
    ...inner.flatMap(([keyword, value]) => looseWithin(keyword, value, `${path}/${keyword}`)),
  ]
}

const NOT_SCHEMAS = new Set(['const', 'enum', 'default', 'examples', 'required', 'type'])
const MAPS_OF_SCHEMAS = new Set(['properties', 'patternProperties', '$defs', 'definitions'])

function looseWithin(keyword: string, value: unknown, path: string): string[] {
  if (!MAPS_OF_SCHEMAS.has(keyword)) return looseObjects(value, path)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, schema]) => looseObjects(schema, `${path}/${name}`))
}

function isLoose(schema: object): boolean {
  const closed = 'additionalProperties' in schema && schema.additionalProperties === false
  if (closed || ('unevaluatedProperties' in schema && schema.unevaluatedProperties === false)) return false
  if ('properties' in schema) return true
  const isMap = 'patternProperties' in schema || 'additionalProperties' in schema
  return 'type' in schema && schema.type === 'object' && !isMap
}
