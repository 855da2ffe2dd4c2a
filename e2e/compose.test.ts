import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { freePort } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { daybook, exampleRun, run } from './command.ts'

const RUN = '01M7YJZD5YW502KKT9P5VKADPA'

/** Whether a Docker engine with compose answers; without one this story cannot be told. */
function hasDocker(): boolean {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 5_000 })
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore', timeout: 5_000 })
    return true
  } catch {
    return false
  }
}

describe('docker compose', () => {
  it.skipIf(!hasDocker())(
    'builds from the clone, becomes healthy, and keeps what was imported when its containers are made anew',
    async () => {
      const project = `daybook-e2e-${process.pid}`
      const ports = {
        DAYBOOK_HTTP_PORT: String(await freePort()),
        DAYBOOK_NATS_PORT: String(await freePort()),
      }
      const token = `dbk_admin_${randomBytes(32).toString('hex')}`
      const asAdmin = { env: { DAYBOOK_TOKEN: token } }
      const url = `http://127.0.0.1:${ports.DAYBOOK_HTTP_PORT}`
      const compose = async (...args: string[]) => {
        const { code, stdout, stderr } = await run(
          'docker',
          ['compose', '--project-name', project, ...args],
          { env: { ...ports, DAYBOOK_ADMIN_TOKEN: token } },
        )
        if (code !== 0) throw new Error(`docker compose ${args.join(' ')} failed: ${stderr.slice(-4_000)}`)
        return stdout
      }
      try {
        await compose('up', '--build', '--detach', '--wait')
        expect((await daybook(['run:import', exampleRun, '--url', url], asAdmin)).code).toBe(0)
        expect((await daybook(['run:list', '--url', url], asAdmin)).stdout).toContain(RUN)
        await compose('up', '--force-recreate', '--detach', '--wait')
        const status = await daybook(['run:status', RUN, '--json', '--url', url], asAdmin)
        expect(JSON.parse(status.stdout)).toMatchObject({ state: 'completed' })
        expect(await compose('exec', '--no-TTY', 'journal', 'id', '--user', '--name')).toBe('node\n')
      } finally {
        await compose('down', '--volumes', '--timeout', '5')
      }
    },
    900_000,
  )
})
