import type { Actor, JournalEvent } from '@daybook/events'
import type { Command } from 'commander'
import { list, wholeNumber } from '../option-values.ts'
import { short } from '../printable.ts'
import type { WithSession } from '../session.ts'
import { remarks } from '../tail-remarks.ts'

interface RunTailOptions {
  readonly after?: number
  readonly types?: string[]
  readonly actors?: string[]
  readonly limit?: number
  readonly keep?: boolean
}

/** After one of these nothing follows but notes. */
const ENDS: ReadonlySet<string> = new Set(['RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED'])

export function addRunTail(program: Command, session: WithSession): void {
  program
    .command('run:tail')
    .description('The events of a run from its first on, live until it ends; with --json one event a line.')
    .argument('<runId>')
    .option('--after <seq>', 'begin behind this sequence number (default: 0, the beginning)', wholeNumber(0))
    .option('--types <types>', 'only these types, as in EFFECT_REQUESTED,EFFECT_RESOLVED', list)
    .option('--actors <actors>', 'only what these appended, as in user:ann,agent:planner', list)
    .option('--limit <n>', 'end after so many', wholeNumber(1))
    .option('--keep', 'go on after the end of the run, until Ctrl-C')
    .addHelpText('after', '\nExample:\n  daybook run:tail 01K0… --types EFFECT_RESOLVED')
    .action(async (runId: string, { limit, keep = false, ...filter }: RunTailOptions, command: Command) => {
      const { connect, json, print, printJson, remark, shell } = session(command)
      await using daybook = await connect()
      // A tail would wait for a run that has not begun; whoever names one here rather has its name wrong.
      await daybook.streamPage(`run/${runId}`, { limit: 1 })
      const { types: _types, actors: _actors, ...all } = filter
      // The end has to be seen to be the end, whatever is shown.
      const asked = { ...(keep ? filter : all), signal: shell.signal, ...remarks(remark) }
      let shown = 0
      for await (const event of daybook.follow(`run/${runId}`, asked)) {
        if (isWanted(event, filter)) {
          await (json ? printJson(event) : print(lineOf(event)))
          shown += 1
        }
        if (shown === limit || (!keep && ENDS.has(event.type))) return
      }
    })
}

function isWanted({ type, actor }: JournalEvent, { types, actors }: RunTailOptions): boolean {
  return (types?.includes(type) ?? true) && (actors?.includes(nameOf(actor)) ?? true)
}

function nameOf({ kind, id }: Actor): string {
  return `${kind}:${id}`
}

/** As much of the data as usually fits on a line. */
const dataCharsMax = 100
/** Of a name that is made by a program. */
const actorCharsMax = 40

function lineOf({ seq, occurredAt, type, actor, data }: JournalEvent): string {
  return `${String(seq).padStart(6)}  ${occurredAt}  ${type}  ${short(nameOf(actor), actorCharsMax)}  ${short(JSON.stringify(data), dataCharsMax)}`
}
