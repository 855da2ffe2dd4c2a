import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'

/** A process that hands over to `program`, the way the bootstrap hands over to what it starts. */
function handOverTo(program: string): ChildProcessByStdio<null, Readable, null> {
  const commands = new URL('../bootstrap/commands.mjs', import.meta.url).href
  const launcher = `const { handOver } = await import(${JSON.stringify(commands)})
    process.exitCode = await handOver(process.execPath, ['-e', ${JSON.stringify(program)}])`
  return spawn(process.execPath, ['--input-type=module', '-e', launcher], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

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
    const launcher = handOverTo('setInterval(() => {}, 1000); console.log("ready")')
    await once(launcher.stdout, 'data')
    launcher.kill('SIGKILL')
    // The child holds the other end of this pipe for as long as it lives.
    await once(launcher.stdout, 'close')
  })
})
