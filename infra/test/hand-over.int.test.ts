import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'

const commands = new URL('../bootstrap/commands.mjs', import.meta.url).href

/** The arguments of a Node that hands over to `program`, the way the bootstrap hands over to what it starts. */
function launcherFor(program: string): string[] {
  const script = `const { handOver } = await import(${JSON.stringify(commands)})
    process.exitCode = await handOver(process.execPath, ['-e', ${JSON.stringify(program)}])`
  return ['--input-type=module', '-e', script]
}

function handOverTo(program: string): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, launcherFor(program), { stdio: ['ignore', 'pipe', 'inherit'] })
}

const running = 'setInterval(() => {}, 1000); console.log("ready")'
const countingSignals = `let signals = 0
  process.on('SIGINT', () => { signals += 1; if (signals === 1) setTimeout(() => process.exit(10 + signals), 800) })
  setInterval(() => {}, 1000)
  console.log('ready')`

describe('handing over', () => {
  it('passes on the exit code', async () => {
    expect(await once(handOverTo('process.exit(7)'), 'exit')).toEqual([7, null])
  })

  it('tells of a child that a signal ended as a shell does', async () => {
    expect(await once(handOverTo('process.kill(process.pid, "SIGKILL")'), 'exit')).toEqual([137, null])
  })

  it('passes a signal on once, also when it comes twice as with npm and a terminal', async () => {
    const launcher = handOverTo(countingSignals)
    await once(launcher.stdout, 'data')
    launcher.kill('SIGINT')
    launcher.kill('SIGINT')
    expect(await once(launcher, 'exit')).toEqual([11, null])
  })

  it.runIf(process.platform === 'linux')('takes the child along when it is killed outright', async () => {
    const launcher = handOverTo(running)
    await once(launcher.stdout, 'data')
    launcher.kill('SIGKILL')
    // The child holds the other end of this pipe for as long as it lives.
    await once(launcher.stdout, 'close')
  })

  it('stops the child when the shell that npm put in between has ended', async () => {
    // The second command keeps the shell from becoming the launcher.
    const shell = spawn('sh', ['-c', '"$0" "$@"; true', process.execPath, ...launcherFor(running)], {
      env: { ...process.env, npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(shell.stdout, 'data')
    shell.kill('SIGTERM')
    await once(shell.stdout, 'close')
  })
})
