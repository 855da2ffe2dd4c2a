import { DaybookError } from '@daybook/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

interface KnownPath {
  pattern: RegExp
  methods: Set<string>
}

/**
 * Answers requests that no route takes: `method-not-allowed` with `Allow` where the path is known, `not-found`
 * elsewhere. Fastify says 404 to both. Must come before the routes, which it collects.
 */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const paths = new Map<string, KnownPath>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const name of [method].flat()) known.methods.add(name)
    paths.set(url, known)
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const allowed = allowedMethods(paths.values(), request.url)
    if (allowed.length === 0) {
      throw new DaybookError(
        'not-found',
        'There is no such address. The OpenAPI document lists those there are.',
      )
    }
    reply.header('allow', allowed.join(', '))
    throw new DaybookError('method-not-allowed', `This address takes ${allowed.join(', ')} only.`)
  })
}

function allowedMethods(paths: Iterable<KnownPath>, url: string): string[] {
  const path = url.split('?', 1)[0] ?? ''
  const matching = [...paths].filter(({ pattern }) => pattern.test(path))
  return [...new Set(matching.flatMap(({ methods }) => [...methods]))].toSorted()
}

/** `/v1/runs/:id` as a regular expression; a wildcard takes the rest of the path. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
