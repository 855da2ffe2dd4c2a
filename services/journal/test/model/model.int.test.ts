import fc from 'fast-check'
import { expect, it } from 'vitest'
import { commands } from './commands.ts'
import { Model } from './model.ts'
import { World } from './world.ts'

/** DAYBOOK_LONG=1 looks for some minutes. */
const isLong = process.env['DAYBOOK_LONG'] === '1'
const RUNS = isLong ? 100 : 8
const COMMANDS_MAX = isLong ? 60 : 30
const TIMEOUT_MS = isLong ? 1_200_000 : 120_000

it(
  'the journal does what a map of arrays does, whatever is asked, repeated, raced for, cut off, rebuilt and erased',
  async () => {
    let done = 0
    await fc.assert(
      fc.asyncProperty(
        fc.commands(commands, { maxCommands: COMMANDS_MAX, size: 'max' }),
        async (sequence) => {
          await using world = await World.open()
          const model = new Model()
          await fc.asyncModelRun(() => ({ model, real: world }), sequence)
          await world.expectJournal(model)
          await world.expectDiary(model)
          await world.expectPublished(model)
          done += 1
        },
      ),
      // A failure is told with the seed and the path that lead to it.
      { numRuns: RUNS, interruptAfterTimeLimit: TIMEOUT_MS / 2, markInterruptAsFailure: false },
    )
    expect(done).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)
