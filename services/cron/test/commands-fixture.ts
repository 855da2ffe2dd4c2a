import { DaybookError } from '@daybook/errors'
import type { Appender } from '@daybook/eventing'
import { expect } from 'vitest'
import { type Instance, NEVER_SOON, openWorld, told, type World } from './world.ts'

/** Two instances, at the second of which answers of the journal can be lost, and what tests do at them. */
export interface CommandsFixture extends AsyncDisposable {
  readonly world: World
  readonly one: Instance
  readonly another: Instance
  /** A job of its own for each test, of which nothing happens that the test does not ask for; its name. */
  readonly fresh: (more?: object) => Promise<string>
  readonly runNow: (job: string, requestId: string, at?: Instance) => Promise<any>
  readonly claimOne: (job: string, body?: object, at?: Instance) => Promise<any>
  /** What happened to a job since it was defined, without what all types begin with. */
  readonly types: (job: string) => Promise<string>
  /** The journal has what the next command at the second instance appends, and its answer does not come. */
  readonly loseAnswer: () => void
  /** What a command answers whose first answer is lost, and which is given two times more. */
  readonly repeated: (path: string, body: object) => Promise<any[]>
}

export async function openCommandsFixture(): Promise<CommandsFixture> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await openWorld())
  let isLost = false
  const losing: Appender = async (request, author) => {
    const result = await world.append(request, author)
    // What the scheduler appends meanwhile is not meant.
    if (!isLost || author.actor.kind !== 'user') return result
    isLost = false
    throw new DaybookError('timeout', 'The answer was lost in this test.')
  }
  const one = stack.use(await world.open({ sweepMs: 100 }))
  const another = stack.use(await world.open({ sweepMs: 100, append: losing }))
  const loseAnswer = (): void => {
    isLost = true
  }
  let jobs = 0
  const opened = stack.move()
  return {
    world,
    one,
    another,
    async fresh(more = {}) {
      jobs += 1
      const name = `job-${jobs}`
      const action = { do: 'deliver', payload: { hello: 'world' } }
      expect((await one.post('jobs', { name, schedule: NEVER_SOON, action, ...more })).code).toBeUndefined()
      return name
    },
    runNow: async (job, requestId, at = one) => (await at.post(`jobs/${job}/run-now`, { requestId })).run,
    claimOne: async (job, body = {}, at = one) => (await at.claim({ job, ...body }, '5s'))[0],
    types: async (job) =>
      told(await world.events(job))
        .replace('JOB_DEFINED ', '')
        .replaceAll('RUN_', ''),
    loseAnswer,
    async repeated(path, body) {
      loseAnswer()
      expect((await another.post(path, body)).code).toBe('timeout')
      return [await another.post(path, body), await one.post(path, body)]
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
