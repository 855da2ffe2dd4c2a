// Types `operationId`, `tags` and the like on the schemas of routes, also for packages that write the routes.
/// <reference types="@fastify/swagger" preserve="true" />
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyPluginOptions,
  type FastifyTypeProvider,
  fastify,
  LogController,
  type RawServerDefault,
} from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Health } from '../health.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { traceIdOf } from '../tracing/traceparent.ts'
import { recordRequests } from './access.ts'
import { requireCallers } from './authorization.ts'
import type { CallerCheck } from './caller.ts'
import { answerClientErrors } from './client-errors.ts'
import { finishPolitely } from './closing.ts'
import { acceptOnlyJson } from './json-body.ts'
import { answerUnknownRoutes } from './methods.ts'
import { keepOpenStreams } from './open-streams.ts'
import { describeApi } from './openapi.ts'
import { answerOperators } from './operations.ts'
import { sendProblem } from './problems.ts'
import { createRequestIds, REQUEST_ID_HEADER } from './request-id.ts'
import { requireStrictRoutes } from './strict-routes.ts'
import { strictValidation } from './validation.ts'

/** Types a handler's `request.body`, `.query` and `.params` by the TypeBox schemas of its route. */
export interface TypeBoxTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

/** The routes of a service as one Fastify plugin, typed by their TypeBox schemas. */
export type HttpPlugin = FastifyPluginAsync<FastifyPluginOptions, RawServerDefault, TypeBoxTypeProvider>

/** A Fastify server with our rules. */
export type HttpApp = FastifyInstance

export interface HttpAppOptions {
  /** Title of the API's documentation and name in its logs. */
  service: string
  version: string
  logger: Logger
  health: Health
  metrics: Metrics
  /** Who makes a request. It is asked for every route that is not public. */
  callers: CallerCheck
  /** Each one gets a scope of its own: parsers and hooks of one do not reach the others. */
  plugins: readonly HttpPlugin[]
  /** Limits of a server; a route may set another `bodyLimit`. */
  limits?: Partial<HttpLimits>
}

export interface HttpLimits {
  /** Largest body, unless the route says otherwise. Default 1 MiB. */
  bodyBytesMax: number
  /** For a whole request to arrive, so that nobody can hold a connection by sending slowly. Default 15,000. */
  requestTimeoutMs: number
  /** A connection without a byte in either direction for so long is cut. Default 60,000: four heartbeats. */
  stallTimeoutMs: number
  /** Longest path parameter: a stream id of 200 characters, each of them percent-encoded. Default 600. */
  paramLengthMax: number
}

const LIMITS: HttpLimits = {
  bodyBytesMax: 1_048_576,
  requestTimeoutMs: 15_000,
  stallTimeoutMs: 60_000,
  paramLengthMax: 600,
}

/** Answers are data. Should a browser be made to show one as a page, that page can do nothing. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'; sandbox"

/** The server without a socket: for `inject` in tests, and for `serveHttp`, which adds the listening. */
export async function createHttpApp(options: HttpAppOptions): Promise<HttpApp> {
  const app = bareApp(options.logger, { ...LIMITS, ...options.limits })
  keepOpenStreams(app)
  app.setValidatorCompiler(strictValidation)
  // Response schemas document. Serializing by them would drop unknown fields and turn wrong types without a word.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler(sendProblem)
  acceptOnlyJson(app)
  answerUnknownRoutes(app)
  requireStrictRoutes(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header(REQUEST_ID_HEADER, request.id)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('content-security-policy', NO_PAGE)
    reply.header('cache-control', 'no-store')
  })
  recordRequests(app, options.metrics)
  requireCallers(app, options.callers)
  finishPolitely(app)
  await describeApi(app, { title: `Daybook ${options.service}`, version: options.version })
  answerOperators(app, options)
  for (const plugin of options.plugins) await app.withTypeProvider<TypeBoxTypeProvider>().register(plugin)
  await app.ready()
  return app
}

function bareApp(logger: Logger, limits: HttpLimits): FastifyInstance {
  // Named by its base type, or it would become part of the type of every plugin.
  const loggerInstance: FastifyBaseLogger = logger
  return fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: createRequestIds(),
    childLoggerFactory: (parent, bindings, childOptions, request) => {
      const traceId = traceIdOf(request.headers['traceparent'])
      return parent.child(traceId === undefined ? bindings : { ...bindings, traceId }, childOptions)
    },
    requestIdHeader: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.stallTimeoutMs,
    routerOptions: { maxParamLength: limits.paramLengthMax },
    // A HEAD made from a GET would run the handler, and an event stream's never ends.
    exposeHeadRoutes: false,
    // Requests that still arrive on open connections are answered; `finishPolitely` then closes these.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      void sendProblem(error, request, reply)
    },
    clientErrorHandler: answerClientErrors,
  })
}
