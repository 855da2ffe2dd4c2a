import { DaybookError } from '@daybook/errors'
import { type HttpPlugin, makePublic } from '@daybook/runtime'
import swaggerUi from '@fastify/swagger-ui'
import type { onRequestHookHandler } from 'fastify'
import type { Documents } from './documents.ts'
import { isApiDocument } from './openapi.ts'

const DOCUMENT_PATH = '/v1/openapi.json'

const INFO = {
  title: 'Daybook',
  description: 'The durable journal for AI agents. Errors are problem objects (RFC 9457) with a stable code.',
}

/**
 * Everything comes from this server. Inline styles are the page's own way of drawing; scripts are files only, so that
 * a description that holds markup stays text.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The page asks for /docs/json, which would be the gateway's own document without those of the services. */
const redirectToMerged: onRequestHookHandler = (request, reply, done) => {
  if (/^\/docs\/(json|yaml)$/.test(request.routeOptions.url ?? '')) reply.redirect(DOCUMENT_PATH)
  else done()
}

/** The merged OpenAPI document, and a page to browse it and try it out. */
export function docsRoutes(documents: Documents, version: string): HttpPlugin {
  return async (app) => {
    makePublic(app)
    app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'))
    app.get(
      DOCUMENT_PATH,
      {
        schema: {
          operationId: 'getOpenApiDocument',
          summary: 'This document: the API of all services, as OpenAPI 3.1.',
          description: 'Services that cannot be reached are left out and listed in x-daybook-missing.',
          tags: ['api'],
        },
      },
      async () => {
        const own: unknown = app.swagger()
        if (!isApiDocument(own))
          throw new DaybookError('internal', "The gateway's own document is not OpenAPI 3.")
        return documents.merged({ ...own, info: { ...INFO, version } })
      },
    )
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_SECURITY_POLICY,
      uiConfig: { layout: 'BaseLayout', deepLinking: true },
      theme: { title: 'Daybook API' },
      uiHooks: { onRequest: redirectToMerged },
    })
  }
}
