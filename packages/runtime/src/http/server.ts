import { DaybookError } from '@daybook/errors'
import { createHttpApp, type HttpApp, type HttpAppOptions } from './app.ts'

/** Running requests may finish within this; it fits into the grace of `runUntilSignalled` with room for the rest. */
const CLOSE_GRACE_MS = 5_000

export interface HttpOptions extends HttpAppOptions {
  /** Address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for all. */
  host: string
  /** 0 takes a free port. */
  port: number
  /** How long `asyncDispose` lets running requests finish before it cuts them off. Default 5,000. */
  closeGraceMs?: number
}

/** A listening server. Disposing it stops accepting, ends event streams and finishes running requests. */
export interface HttpServer extends AsyncDisposable {
  readonly app: HttpApp
  /** `http://host:port` with the port that was taken. */
  readonly url: string
  readonly port: number
  /** Rejects when the server breaks while it runs; never settles otherwise. For the race in a service's scope. */
  readonly failed: Promise<never>
}

/** Starts to serve. `port-in-use` when another process has the port. */
export async function serveHttp({ host, port, closeGraceMs, ...options }: HttpOptions): Promise<HttpServer> {
  const app = await createHttpApp(options)
  try {
    await app.listen({ host, port, listenTextResolver: () => 'http server listens' })
  } catch (error) {
    await app.close()
    throw listenError(error, host, port)
  }
  const taken = takenPort(app)
  const failed = new Promise<never>((_resolve, reject) => {
    app.server.on('error', reject)
  })
  // Whoever does not race it must not be ended by it.
  failed.catch(() => undefined)
  return {
    app,
    port: taken,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    failed,
    [Symbol.asyncDispose]: () => closeWithin(app, closeGraceMs ?? CLOSE_GRACE_MS),
  }
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EADDRINUSE') return error
  return new DaybookError(
    'port-in-use',
    `Port ${port} on ${host} is taken. Stop what listens there or choose another.`,
  )
}

function takenPort(app: HttpApp): number {
  const address = app.server.address()
  if (typeof address === 'object' && address !== null) return address.port
  throw new DaybookError('internal', 'The server listens, but not on a port.')
}

async function closeWithin(app: HttpApp, graceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    app.log.warn({ graceMs }, 'connections cut off: they did not finish in time')
    app.server.closeAllConnections()
  }, graceMs)
  try {
    await app.close()
  } finally {
    clearTimeout(timer)
  }
}
