import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDataDirectory, openStack } from '../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daybook-stack-'))
})
afterAll(() => rm(folder, { recursive: true }))

// Without the sources that were named, webhooks would be refused that should be taken, and nobody would know why.
it('does not start without the sources that it was told of, and starts nothing before it has them', async () => {
  await using data = await openDataDirectory(folder, { fresh: false })
  const steps: string[] = []
  const options = {
    data,
    host: '127.0.0.1',
    httpPort: 0,
    natsPort: 0,
    natsServer: 'no-server',
    logLevel: 'silent',
    onStep: (step: string) => void steps.push(step),
  } as const
  const sourcesFile = join(folder, 'nowhere.json')
  await expect(openStack({ ...options, sourcesFile })).rejects.toMatchObject({
    code: 'invalid-usage',
    message: expect.stringContaining('nowhere.json'),
  })
  expect(steps).toEqual([])
})
