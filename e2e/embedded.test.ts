import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createTempFolder,
  freePort,
  type SupervisedProcess,
  startProcess,
  type TempFolder,
  waitFor,
} from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { copyEmptyPostgres } from '../packages/cli/test/embedded-template.ts'
import { daybook, daybookBin, exampleRun } from './command.ts'

const RUN = '01M7YJZD5YW502KKT9P5VKADPA'

/** A folder where a stack does not have to make its Postgres first. */
async function createUsedFolder(): Promise<TempFolder> {
  const folder = await createTempFolder()
  await copyEmptyPostgres(join(folder.path, '.daybook'))
  return folder
}

async function up(folder: string, args: string[] = []): Promise<SupervisedProcess> {
  return startProcess({
    command: process.execPath,
    args: [daybookBin, 'up', '--data', join(folder, '.daybook'), ...args],
    cwd: folder,
    stopSignal: 'SIGINT',
    readyWhen: /Daybook is running/,
  })
}

// Each starts the whole stack several times.
describe('the embedded stack', { timeout: 120_000 }, () => {
  it('imports, lists and tails a run by the commands that it prints, and keeps it over a stop and a crash', async () => {
    await using folder = await createTempFolder()
    const ports = ['--port', String(await freePort()), '--nats-port', String(await freePort())]
    await using stack = await up(folder.path, ports)
    const inFolder = { cwd: folder.path }
    expect((await daybook(['run:import', exampleRun], inFolder)).code).toBe(0)
    expect(JSON.parse((await daybook(['run:status', RUN, '--json'], inFolder)).stdout)).toMatchObject({
      state: 'completed',
    })

    expect(await stack.stop()).toEqual({ code: 0, signal: null })
    await stack.restart()
    expect((await daybook(['run:list'], inFolder)).stdout).toContain(RUN)

    // A killed stack leaves its nats-server behind, which must not keep the next one from starting.
    await stack.kill()
    await stack.restart()
    expect((await daybook(['run:list'], inFolder)).stdout).toContain(RUN)
    expect((await daybook(['health'], inFolder)).code).toBe(0)
    await stack.stop()
  })

  it('says so when a port is taken, listens on the next one, and forgets everything when it starts afresh', async () => {
    await using folder = await createUsedFolder()
    await using other = await createUsedFolder()
    const port = await freePort()
    const ports = ['--port', String(port), '--nats-port', String(await freePort())]
    await using first = await up(folder.path, ports)
    await daybook(['run:import', exampleRun], { cwd: folder.path })
    await using second = await up(other.path, ports)
    expect(second.output).toContain(`Port ${port} is taken`)
    expect((await daybook(['run:list', '--json'], { cwd: other.path })).stdout).not.toContain(RUN)
    await second.stop()
    await first.stop()
    await using fresh = await up(folder.path, [...ports, '--fresh'])
    expect((await daybook(['run:list', '--json'], { cwd: folder.path })).stdout).not.toContain(RUN)
    await fresh.stop()
  })

  it('says that its data went back to an older copy, and is whole again when it is told so', async () => {
    await using folder = await createUsedFolder()
    const inFolder = { cwd: folder.path }
    const data = join(folder.path, '.daybook')
    const ports = ['--port', String(await freePort()), '--nats-port', String(await freePort())]
    await using first = await up(folder.path, ports)
    await first.stop()
    await cp(join(data, 'postgres'), join(folder.path, 'copy'), { recursive: true })
    await first.restart()
    await daybook(['run:import', exampleRun], inFolder)
    await daybook(['run:status', RUN], inFolder)
    await first.stop()
    // The database alone: JetStream, in the folder beside it, is now ahead of the journal.
    await rm(join(data, 'postgres'), { recursive: true })
    await cp(join(folder.path, 'copy'), join(data, 'postgres'), { recursive: true })

    await using behind = await up(folder.path, ports)
    const noticed = await waitFor(
      async () => {
        const { code, stdout } = await daybook(['health'], inFolder)
        return code === 0 ? undefined : stdout
      },
      { timeoutMs: 30_000, what: 'the stack to notice' },
    )
    expect(noticed).toContain('the journal was restored from a backup')
    await behind.stop()

    await using told = await up(folder.path, [...ports, '--new-era'])
    await daybook(['run:import', exampleRun], inFolder)
    expect(JSON.parse((await daybook(['run:status', RUN, '--json'], inFolder)).stdout)).toMatchObject({
      state: 'completed',
    })
    expect((await daybook(['health'], inFolder)).code).toBe(0)
    await told.stop()
  })

  it('refuses a data directory that another one has open', async () => {
    await using folder = await createUsedFolder()
    await using stack = await up(folder.path, [
      '--port',
      String(await freePort()),
      '--nats-port',
      String(await freePort()),
    ])
    const { code, stderr } = await daybook(['up', '--data', join(folder.path, '.daybook')], {
      cwd: folder.path,
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining(`process ${stack.pid}`)])
    await stack.stop()
  })
})
