import type { NewBranch, NewSession, SessionAnswer } from '@daybook/client'
import type { Command } from 'commander'
import { wholeNumber } from '../option-values.ts'
import { printable } from '../printable.ts'
import type { Session, WithSession } from '../session.ts'

/** What can be done about a session. Each may be repeated: what is so already is no error. */
export function addSessionCommands(program: Command, session: WithSession): void {
  for (const add of [addResolve, addRename, addBranch, addReset, addArchive, addLink]) add(program, session)
}

/** The state after it; for people one line that ends in the id. */
async function show(
  at: Session,
  { session, changed, position }: SessionAnswer,
  [done, before]: readonly [done: string, before: string],
): Promise<void> {
  if (at.json) await at.printJson({ session, changed, position: position ?? null })
  else await at.print(printable(`${changed ? done : before}: ${session.sessionId}`))
}

function addResolve(program: Command, session: WithSession): void {
  program
    .command('session:resolve')
    .description('Find the session of a key, or start it. All who ask at the same time get the same one.')
    .argument('<key>', 'what you know it by, such as the thread of a chat')
    .option('--title <text>', 'its first title, if it is started')
    .option('--principal <kind:id>', 'whose it is, if it is started (default: the caller)')
    .option('--channel <name>', 'where it takes place, if it is started')
    .addHelpText('after', '\nExample:\n  daybook session:resolve slack:C042/1763712000.0001 --channel slack')
    .action(async (key: string, start: NewSession, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await daybook.sessions.resolve(key, start), ['started', 'found'])
    })
}

function addRename(program: Command, session: WithSession): void {
  program
    .command('session:rename')
    .description('Give a session another title.')
    .argument('<session>', 'its id')
    .argument('<title>')
    .option('--derived', 'a program made it: a title that a person gave stays')
    .addHelpText('after', "\nExample:\n  daybook session:rename 4a7b… 'Release 2.0'")
    .action(async (id: string, title: string, { derived }: { derived?: boolean }, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const answer = await daybook.sessions.rename(id, title, derived === true ? 'derived' : undefined)
      await show(at, answer, ['renamed', 'left as it was'])
    })
}

function addBranch(program: Command, session: WithSession): void {
  program
    .command('session:branch')
    .description('Go on from one of its runs in a session of its own.')
    .argument('<session>', 'its id')
    .requiredOption('--from-run <run>', 'the run from which the branch goes on')
    .option('--key <key>', 'of the new session (default: one for each run, found again when repeated)')
    .option('--title <text>', 'of the new session')
    .addHelpText('after', '\nExample:\n  daybook session:branch 4a7b… --from-run 01K0…')
    .action(
      async (id: string, given: { fromRun: string; key?: string; title?: string }, command: Command) => {
        const at = session(command)
        const branch: NewBranch = {
          fromRunId: given.fromRun,
          ...(given.key !== undefined && { sessionKey: given.key }),
          ...(given.title !== undefined && { title: given.title }),
        }
        await using daybook = await at.connect()
        await show(at, await daybook.sessions.branch(id, branch), ['branched', 'branched before'])
      },
    )
}

function addReset(program: Command, session: WithSession): void {
  program
    .command('session:reset')
    .description('Begin a new epoch of a session, also of an archived one. Nothing is deleted.')
    .argument('<session>', 'its id')
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--epoch <n>', 'which epoch is to end; then the command may be repeated', wholeNumber(1))
    .addHelpText('after', "\nExample:\n  daybook session:reset 4a7b… --reason 'another customer'")
    .action(async (id: string, { reason, epoch }: { reason: string; epoch?: number }, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await daybook.sessions.reset(id, reason, epoch), ['reset', 'that epoch had ended'])
    })
}

function addArchive(program: Command, session: WithSession): void {
  program
    .command('session:archive')
    .description('Put a session away: no more runs are linked to it, until it is reset.')
    .argument('<session>', 'its id')
    .option('--reason <text>', 'why; it is kept')
    .addHelpText('after', '\nExample:\n  daybook session:archive 4a7b…')
    .action(async (id: string, { reason }: { reason?: string }, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await daybook.sessions.archive(id, reason), ['archived', 'archived before'])
    })
}

function addLink(program: Command, session: WithSession): void {
  program
    .command('session:link')
    .description('Take a run into a session that was created without it.')
    .argument('<session>', 'its id')
    .argument('<run>', 'the id of the run')
    .addHelpText('after', '\nExample:\n  daybook session:link 4a7b… 01K0…')
    .action(async (id: string, runId: string, _options: unknown, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await daybook.sessions.link(id, runId), ['linked', 'linked before'])
    })
}
