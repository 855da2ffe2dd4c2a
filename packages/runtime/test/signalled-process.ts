/** A process for the tests of `runUntilSignalled`: says `ready`, then behaves as its argument says. */
import { setTimeout as sleep } from 'node:timers/promises'
import { aborted, createLogger, runUntilSignalled } from '../src/index.ts'

const behaviours: Record<string, (signal: AbortSignal) => Promise<void>> = {
  async polite(signal) {
    await aborted(signal)
    process.stdout.write('cleaned up\n')
  },
  async stuck(signal) {
    await aborted(signal)
    await sleep(60_000)
  },
  /** Returns, but leaves something open. */
  async leaky(signal) {
    setInterval(() => undefined, 1_000)
    await aborted(signal)
  },
  async broken() {
    throw new Error('cannot start')
  },
  async rethrowing(signal) {
    await aborted(signal)
    signal.throwIfAborted()
  },
  async short() {
    process.stdout.write('done\n')
  },
}

const behaviour = behaviours[process.argv[2] ?? '']
if (behaviour === undefined) throw new Error('name a behaviour')
const logger = createLogger({ service: 'test' })
process.exitCode = await runUntilSignalled(
  async (signal) => {
    process.stdout.write('ready\n')
    await behaviour(signal)
  },
  { graceMs: Number(process.argv[3] ?? 10_000), logger },
)
