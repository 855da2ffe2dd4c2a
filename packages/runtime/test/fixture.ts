import {
  createHealth,
  createHttpApp,
  createLogger,
  createMetrics,
  type HttpPlugin,
  makePublic,
  noCallers,
  serveHttp,
} from '../src/index.ts'

/** What `createHttpApp` and `serveHttp` need besides routes; `lines` collects all that is logged. */
export function parts() {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ service: 'test', level: 'debug', destination })
  const health = createHealth({ timeoutMs: 50 })
  const metrics = createMetrics({ service: 'test', processMetrics: false })
  return { service: 'test', version: '0.0.0', logger, health, metrics, callers: noCallers, lines }
}

/** Routes of a test ask nothing of their callers, unless they say so. */
function publicly(plugin: HttpPlugin): HttpPlugin {
  return async (app) => {
    makePublic(app)
    await app.register(plugin)
  }
}

export async function appWith(...plugins: HttpPlugin[]) {
  const shared = parts()
  const app = await createHttpApp({ ...shared, plugins: plugins.map(publicly) })
  return Object.assign(shared, { app, [Symbol.asyncDispose]: () => app.close() })
}

export async function serve(
  plugin: HttpPlugin,
  options: { closeGraceMs?: number; stallTimeoutMs?: number } = {},
) {
  const shared = parts()
  const { stallTimeoutMs = 60_000, ...rest } = options
  const limits = { stallTimeoutMs }
  const http = await serveHttp({
    ...shared,
    host: '127.0.0.1',
    port: 0,
    plugins: [publicly(plugin)],
    limits,
    ...rest,
  })
  return { ...shared, http, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() }
}

/** The fields that the documentation of every operation must have. */
export function documented(operationId: string) {
  return { operationId, summary: operationId, tags: ['test'] }
}

/** Settles when a condition holds; the test's own time-out is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
