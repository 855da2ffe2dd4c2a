import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createRunDir } from '@a5c-ai/babysitter-sdk/dist/storage/createRunDir.js'
import { appendEvent } from '@a5c-ai/babysitter-sdk/dist/storage/journal.js'
import { newUlid, sampleEvent } from './sample-event.ts'
import type { Scenario, Session, Shape } from './scenario.ts'

/**
 * The SDK's own journal: a file for each event in the folder of its run, synced before the append answers. Each append
 * lists the folder, so a run gets slower as it grows; every measurement begins new runs, its best case.
 */
export function babysitter(folder: string): Scenario {
  return {
    name: 'babysitter',
    packageName: '@a5c-ai/babysitter-sdk',
    label: 'babysitter-sdk, run folders',
    // It takes one event at a time.
    takesPart: ({ eventsPerRequest }) => eventsPerRequest === 1,
    open: (shape) => openSession(folder, shape),
    count: () => countFiles(folder),
  }
}

async function openSession(runsRoot: string, { callers }: Shape): Promise<Session> {
  const runs = await Promise.all(
    Array.from({ length: callers }, () =>
      createRunDir({ runsRoot, runId: newUlid(), request: 'benchmark', processId: 'benchmark' }),
    ),
  )
  return {
    async append(caller) {
      const { type, data } = sampleEvent(new Date().toISOString())
      await appendEvent({ runDir: runs[caller]!.runDir, eventType: type, event: { ...data } })
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function countFiles(runsRoot: string): Promise<number> {
  const runs = await readdir(runsRoot)
  const journals = await Promise.all(runs.map((run) => readdir(join(runsRoot, run, 'journal'))))
  return journals.reduce((sum, files) => sum + files.length, 0)
}
