import { openTracing, type Tracing } from './tracing.ts'

/** A trace is looked at seconds after it happened, and a killed process loses no more than this. */
const EXPORT_EVERY_MS = 1_000
/** A few MB. What comes while the collector is away is dropped beyond that: traces are no record. */
const WAITING_SPANS_MAX = 10_000
const EXPORT_TIMEOUT_MS = 5_000

/**
 * Tracing to a collector that speaks OTLP over HTTP (`http://collector:4318`; OTEL_EXPORTER_OTLP_HEADERS holds what it
 * wants to see). Undefined, with nothing loaded, when there is no endpoint.
 */
export async function startTracing(
  service: string,
  endpoint: string | undefined,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const exporter = new OTLPTraceExporter({
    // As the specification of OTLP exporters has it: the path of the signal comes after the endpoint.
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })
  const processor = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    maxQueueSize: WAITING_SPANS_MAX,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  })
  return openTracing({ service, processor })
}
