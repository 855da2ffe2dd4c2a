import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { aborted } from '../src/index.ts'
import { until } from './fixture.ts'

const PROCESS = fileURLToPath(new URL('./signalled-process.ts', import.meta.url))

function start(behaviour: string, graceMs = 10_000) {
  const child = spawn(process.execPath, [PROCESS, behaviour, String(graceMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  const ended = once(child, 'close').then(([code]) => code as unknown)
  return { child, ended, output: () => output, printed: (text: string) => until(() => output.includes(text)) }
}

it.each(['SIGTERM', 'SIGINT'] as const)('%s lets the work clean up and ends with 0', async (signal) => {
  const { child, ended, output, printed } = start('polite')
  await printed('ready')
  child.kill(signal)
  expect(await ended).toBe(0)
  expect(output()).toContain('cleaned up')
})

it('a second signal ends the process at once', async () => {
  const { child, ended, printed } = start('stuck')
  await printed('ready')
  child.kill('SIGTERM')
  await printed('stopping')
  child.kill('SIGINT')
  expect(await ended).toBe(130)
})

it.each(['stuck', 'leaky'])('work that is %s is left behind after the grace, with 1', async (behaviour) => {
  const { child, ended, output, printed } = start(behaviour, 100)
  await printed('ready')
  child.kill('SIGTERM')
  expect(await ended).toBe(1)
  expect(output()).toContain('did not stop in time')
})

it('an error is logged once and ends with 1', async () => {
  const { ended, output } = start('broken')
  expect(await ended).toBe(1)
  expect(output().split('cannot start')).toHaveLength(3)
  expect(output().match(/stopped by an error/g)).toHaveLength(1)
})

it('work that passes the signal on as an error still stopped as asked', async () => {
  const { child, ended, printed } = start('rethrowing')
  await printed('ready')
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

it('work that ends by itself ends the process with 0', async () => {
  const { ended } = start('short')
  expect(await ended).toBe(0)
})

it('`aborted` settles at once for a signal that is aborted already', async () => {
  await aborted(AbortSignal.abort())
  const controller = new AbortController()
  const settled = aborted(controller.signal)
  controller.abort()
  await settled
})
