export { type Environment, readConfig } from './config.ts'
export {
  type Check,
  type CheckResult,
  createHealth,
  type Health,
  type HealthOptions,
  type Readiness,
} from './health.ts'
export {
  createHttpApp,
  type HttpApp,
  type HttpAppOptions,
  type HttpLimits,
  type HttpPlugin,
  type TypeBoxTypeProvider,
} from './http/app.ts'
export { makePublic } from './http/authorization.ts'
export {
  type Caller,
  type CallerCheck,
  callerOf,
  isOperator,
  may,
  noCallers,
  type RouteScope,
  requireOperator,
  type Scope,
  scopes,
  tenantOf,
} from './http/caller.ts'
export { assertCaller, assertedCallers, CALLER_HEADER, type HeadersCheck } from './http/caller-assertion.ts'
export { acceptRawBodies } from './http/json-body.ts'
export { streamSignal } from './http/open-streams.ts'
export { REQUEST_ID_HEADER } from './http/request-id.ts'
export { type HttpOptions, type HttpServer, serveHttp } from './http/server.ts'
export { type SseFrame, type SseOptions, sendEvents } from './http/sse.ts'
export { bodyCheckedByHandler } from './http/validation.ts'
export { LeastRecentlyUsed } from './least-recently-used.ts'
export {
  createLogger,
  type LogDestination,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logger.ts'
export {
  createMetrics,
  type GaugeOptions,
  type HistogramOptions,
  type MetricOptions,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts'
export { Pause } from './pause.ts'
export { startRounds } from './rounds.ts'
export {
  backendSettings,
  callerKeyOf,
  httpSettings,
  NATS_NKEY_SEED,
  type ReadModelSettings,
  readModelSettings,
  serviceUrl,
} from './service-settings.ts'
export { sharedLook } from './shared-look.ts'
export { aborted, type RunOptions, runUntilSignalled } from './signals.ts'
export { startTracing } from './tracing/otlp.ts'
export { traceIdOf } from './tracing/traceparent.ts'
export {
  openTracing,
  type TraceableEvent,
  type TracedWork,
  type TraceStep,
  type Tracing,
  type TracingOptions,
} from './tracing/tracing.ts'
