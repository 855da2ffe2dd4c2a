import { DaybookError } from '@daybook/errors'
import { decodeUtf8, parseJson } from '@daybook/events'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * A payload may be 32 deep, stands some levels down in its request, and is measured by its handler. This bound is there
 * so that no reader, ours or a library's, meets JSON that is deep without end.
 */
const DEPTH_MAX = 40

/**
 * Replaces Fastify's body parsers: JSON is read by our strict parser (codes `invalid-json`, `duplicate-json-key`,
 * `json-too-deep`, `unsafe-number`, `invalid-string`), and nothing else is read at all (`unsupported-media-type`).
 * Fastify's own takes any depth and the last of two equal keys, and text/plain as a string.
 */
export function acceptOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseOtherEncodings(request)
      return parseJson(decodeUtf8(body), { depthMax: DEPTH_MAX })
    },
  )
}

/**
 * Within one plugin: hands bodies of every media type to the handler as they came, as a Buffer in `request.body`
 * (`undefined` when there was none). The route's `bodyLimit` holds.
 */
export function acceptRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => body)
}

function refuseOtherEncodings(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  const charset =
    /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8'
  if (encoding.toLowerCase() === 'identity' && /^utf-?8$/i.test(charset)) return
  throw new DaybookError('unsupported-media-type', 'Send the JSON in UTF-8 and without a content encoding.')
}
