import { request } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** An engine that runs answers in milliseconds. */
const PING_TIMEOUT_MS = 1_000

/** A pull that brings nothing for this long has no registry to bring it from. */
const PULL_SILENCE_MS_MAX = 20_000

/** How to reach a Docker engine: a socket file, or a host and port. */
export type DockerEngine = { socketPath: string } | { host: string; port: number }

/** The Docker engine of this machine, if it answers at once. */
export async function findDockerEngine(env: NodeJS.ProcessEnv): Promise<DockerEngine | undefined> {
  for (const engine of candidates(env)) {
    const answer = await call(engine, { path: '/_ping', method: 'GET', silenceMsMax: PING_TIMEOUT_MS })
    if (answer?.status === 200) return engine
  }
  return undefined
}

/** Whether the engine has the image, after pulling it where it had not. */
export async function ensureImage(engine: DockerEngine, image: string): Promise<boolean> {
  const inspect = {
    path: `/images/${encodeURIComponent(image)}/json`,
    method: 'GET',
    silenceMsMax: PULL_SILENCE_MS_MAX,
  }
  if ((await call(engine, inspect))?.status === 200) return true
  const path = `/images/create?fromImage=${encodeURIComponent(image)}`
  await call(engine, { path, method: 'POST', silenceMsMax: PULL_SILENCE_MS_MAX })
  return (await call(engine, inspect))?.status === 200
}

function candidates(env: NodeJS.ProcessEnv): DockerEngine[] {
  const named = env['DOCKER_HOST'] ? new URL(env['DOCKER_HOST']) : undefined
  if (named?.protocol === 'unix:') return [{ socketPath: named.pathname }]
  if (named) return [{ host: named.hostname, port: Number(named.port || 2375) }]
  const runtimeFolder = env['XDG_RUNTIME_DIR']
  return [
    { socketPath: '/var/run/docker.sock' },
    { socketPath: join(homedir(), '.docker/run/docker.sock') },
    ...(runtimeFolder ? [{ socketPath: join(runtimeFolder, 'docker.sock') }] : []),
  ]
}

interface Call {
  path: string
  method: string
  silenceMsMax: number
}

/** Undefined when the engine does not answer, or falls silent. */
function call(
  engine: DockerEngine,
  { path, method, silenceMsMax }: Call,
): Promise<{ status: number } | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ ...engine, path, method, timeout: silenceMsMax }, (response) => {
      response.resume()
      response.once('end', () => resolve({ status: response.statusCode ?? 0 }))
      response.once('error', () => resolve(undefined))
    })
    outgoing.once('timeout', () => outgoing.destroy())
    outgoing.once('error', () => resolve(undefined))
    outgoing.once('close', () => resolve(undefined))
    outgoing.end()
  })
}
