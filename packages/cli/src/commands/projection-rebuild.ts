import { setTimeout as delay } from 'node:timers/promises'
import type { Daybook, ProjectionRebuild, ProjectionState } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import type { Session, WithSession } from '../session.ts'

interface RebuildOptions {
  readonly reason: string
  readonly wait?: boolean
}

/** The services tell of a rebuild once a second. */
const LOOK_MS = 1_000

export function addProjectionRebuild(program: Command, session: WithSession): void {
  program
    .command('projection:rebuild')
    .description(
      'Build a read model anew beside the running one, which goes on until the new one takes its place.',
    )
    .argument('<name>', 'such as runs')
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--wait', 'show how far it is, and end when the new one runs')
    .addHelpText('after', "\nExample:\n  daybook projection:rebuild runs --wait --reason 'after the restore'")
    .action(async (name: string, { reason, wait }: RebuildOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const asked = await daybook.projections.rebuild(name, { reason })
      const projection = wait === true ? await untilDone(at, daybook, asked) : asked
      if (at.json) await at.printJson(projection)
      else await at.print(outcomeOf(projection))
    })
}

export function addProjectionCancel(program: Command, session: WithSession): void {
  program
    .command('projection:cancel')
    .description('Give up the rebuild under way; the running read model goes on as before.')
    .argument('<name>', 'such as runs')
    .addHelpText('after', '\nExample:\n  daybook projection:cancel runs')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const projection = await daybook.projections.cancelRebuild(name)
      await (json ? printJson(projection) : print(`The rebuild of ${name} is given up.`))
    })
}

/** One line about a rebuild: what it does, how far, how fast, how long. */
export function rebuildLine(rebuild: ProjectionRebuild): string {
  const { phase, position, head, eventsPerSecond, etaSeconds, failure } = rebuild
  if (failure !== null) return `cannot get on: ${failure}`
  if (phase === null) return 'not begun yet'
  const pace = eventsPerSecond === null ? '' : `, ${Math.round(eventsPerSecond)} events/s`
  const rest = phase !== 'loading' || etaSeconds === null ? '' : `, ${etaSeconds} s left`
  return `${phase}, ${position} of ${head}${pace}${rest}`
}

function outcomeOf({ name, rebuild, generations }: ProjectionState): string {
  if (rebuild !== null)
    return `${name} is being rebuilt as generation ${rebuild.generation}: ${rebuildLine(rebuild)}`
  const running = generations.find(({ state }) => state === 'running')
  return `${name} runs as generation ${running?.generation ?? '?'}.`
}

/** Until the generation runs, or the user has seen enough: the rebuild goes on without us. */
async function untilDone(at: Session, daybook: Daybook, asked: ProjectionState): Promise<ProjectionState> {
  const generation = asked.rebuild?.generation
  const { signal } = at.shell
  let projection = asked
  while (projection.rebuild !== null && projection.rebuild.generation === generation && !signal.aborted) {
    await at.remark(rebuildLine(projection.rebuild))
    // An abort ends the wait and is no failure.
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
    const { projections } = await daybook.projections.list()
    projection = projections.find(({ name }) => name === asked.name) ?? projection
  }
  const state = projection.generations.find((each) => each.generation === generation)?.state
  if (state !== 'cancelled') return projection
  throw new DaybookError(
    'invalid-transition',
    `The rebuild of ${asked.name} was given up meanwhile; what ran before runs on.`,
  )
}
