import { randomBytes } from 'node:crypto'
import { announce } from '../reaper.ts'
import { ensureImage, findDockerEngine } from './docker-engine.ts'
import type { PostgresServer } from './offer.ts'

const IMAGE = 'pgvector/pgvector:pg17'
const PORT = 5432

/**
 * Starts Postgres with pgvector in a container; undefined where no Docker engine answers or it cannot run the image.
 */
export async function startDockerPostgres(env: NodeJS.ProcessEnv): Promise<PostgresServer | undefined> {
  const engine = await findDockerEngine(env)
  if (!engine || !(await ensureImage(engine, IMAGE))) return undefined
  try {
    return await runContainer()
  } catch (error) {
    process.stderr.write(`Docker answers but does not run ${IMAGE}: ${String(error)}\n`)
    return undefined
  }
}

async function runContainer(): Promise<PostgresServer> {
  // Its own reaper is one more image to be pulled; ours also knows how to remove a container.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  const password = randomBytes(12).toString('hex')
  const container = await startContainer(password)
  const forget = announce({ command: 'docker', args: ['rm', '--force', '--volumes', container.getId()] })
  return {
    origin: `${IMAGE} in Docker`,
    adminUrl: `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(PORT)}/postgres`,
    async [Symbol.asyncDispose]() {
      await container.stop()
      forget()
    },
  }
}

async function startContainer(password: string) {
  // Loaded only where it is used: it is large.
  const { GenericContainer, Wait } = await import('testcontainers')
  return new GenericContainer(IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: password, POSTGRES_INITDB_ARGS: '--data-checksums' })
    .withCommand(['postgres', '-c', 'max_connections=200'])
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forListeningPorts())
    .start()
}
