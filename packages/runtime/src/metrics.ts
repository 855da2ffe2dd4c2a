import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** From a fast read to the gateway's time-out, in seconds: 1 ms, 2.5 ms … 10 s. */
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface MetricOptions<Label extends string> {
  /** Without the prefix `daybook_`, with its unit last: `append_duration_seconds`. */
  name: string
  help: string
  labels?: readonly Label[]
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Default: durations in seconds from 1 ms to 10 s. */
  buckets?: readonly number[]
}

export interface GaugeOptions<Label extends string> extends MetricOptions<Label> {
  /**
   * Called when the metrics are read, for values that are looked up rather than kept. What it throws costs its own values
   * and no others: without labels there is NaN then, which Prometheus keeps apart from 0, and with labels nothing.
   */
  collect?: (gauge: Gauge<Label>) => void | Promise<void>
}

/** The metrics of one service. There is no registry of the process, so that services can share one. */
export interface Metrics {
  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label>
  gauge<Label extends string = never>(options: GaugeOptions<Label>): Gauge<Label>
  histogram<Label extends string = never>(options: HistogramOptions<Label>): Histogram<Label>
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
}

export interface MetricsOptions {
  service: string
  /** Memory, CPU and event loop of the process. Default true; false where several services share a process. */
  processMetrics?: boolean
}

export function createMetrics({ service, processMetrics = true }: MetricsOptions): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const base = <Label extends string>({ name, help, labels = [] }: MetricOptions<Label>) => ({
    name: `daybook_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
  })
  return {
    counter: (options) => new Counter(base(options)),
    gauge: (options) => newGauge(base(options), options.collect),
    histogram: (options) =>
      new Histogram({ ...base(options), buckets: [...(options.buckets ?? DURATION_BUCKETS_S)] }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function newGauge<Label extends string>(
  base: { name: string; help: string; labelNames: Label[]; registers: Registry[] },
  collect: GaugeOptions<Label>['collect'],
): Gauge<Label> {
  if (collect === undefined) return new Gauge(base)
  const gauge: Gauge<Label> = new Gauge({
    ...base,
    collect: async () => {
      try {
        await collect(gauge)
      } catch {
        gauge.reset()
        if (base.labelNames.length === 0) gauge.set(Number.NaN)
      }
    },
  })
  return gauge
}
