import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { PROBLEM_TYPE } from './problems.ts'

export interface ApiInfo {
  title: string
  version: string
  description?: string
}

/** A problem object (RFC 9457) as the API documentation describes it. */
const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'urn:daybook:error:<code>' }),
    title: Type.String(),
    code: Type.String({ description: 'Stable: never renamed, never given another meaning.' }),
    detail: Type.String({ description: 'What is wrong and what to do next.' }),
    retry: Type.Union([Type.Literal('never'), Type.Literal('later')], {
      description: 'Whether the same request may succeed later.',
    }),
    status: Type.Integer(),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    requestId: Type.String({ description: 'The x-request-id of the request; the log has it too.' }),
  },
  { description: 'What went wrong, for programs (code, retry) and for people (detail).' },
)

/** Every operation names in its `security` the scope that it needs; the services behind the gateway get it from there. */
const tokenScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'dbk_<id>_<secret>',
  description: 'A token of Daybook, as daybook token:create makes it; npm start keeps one in .daybook/token.',
} as const

/** Makes /openapi.json from the schemas of the routes. Must come before the routes. */
export async function describeApi(app: FastifyInstance, info: ApiInfo): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      components: { schemas: { Problem: problemSchema }, securitySchemes: { token: tokenScheme } },
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      for (const path of Object.values(document.openapiObject.paths ?? {})) addProblemResponse(path)
      return document.openapiObject
    },
  })
  app.get('/openapi.json', { schema: { hide: true }, config: { scope: 'public' } }, async () => app.swagger())
}

/** Every operation can fail, and always in the same form. */
function addProblemResponse(operations: object | undefined): void {
  for (const operation of Object.values(operations ?? {})) {
    if (typeof operation !== 'object' || operation === null || !('responses' in operation)) continue
    operation.responses = {
      ...Object(operation.responses),
      default: {
        description: 'A problem: see its code.',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    }
  }
}
