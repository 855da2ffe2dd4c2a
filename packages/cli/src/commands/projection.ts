import type { ProjectionList, ProjectionState } from '@daybook/client'
import type { Command } from 'commander'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'
import { rebuildLine } from './projection-rebuild.ts'

export function addProjectionList(program: Command, session: WithSession): void {
  program
    .command('projection:list')
    .description('The read models: how far each is, and the rebuild under way, if any.')
    .addHelpText('after', '\nExample:\n  daybook projection:list')
    .action(async (_options: unknown, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await daybook.projections.list())
    })
}

async function show(
  { colour, json, print, printJson, remark }: Session,
  { projections, missing }: ProjectionList,
): Promise<void> {
  if (json) await printJson({ projections, ...(missing.length > 0 && { missing }) })
  else await print(table(projections, columns, colour))
  if (missing.length > 0)
    await remark(`No answer came from ${missing.join(', ')}: its read models are not listed.`)
}

const columns: readonly Column<ProjectionState>[] = [
  { title: 'PROJECTION', value: ({ name }) => name },
  { title: 'VERSION', align: 'right', value: ({ version }) => version },
  {
    title: 'GENERATION',
    align: 'right',
    value: ({ generations }) => generations.find(({ state }) => state === 'running')?.generation ?? '',
  },
  { title: 'POSITION', align: 'right', value: ({ position }) => position },
  { title: 'LAG', align: 'right', value: ({ lag }) => lag },
  { title: 'PARKED', align: 'right', value: ({ parkedStreams }) => parkedStreams },
  {
    title: 'STATE',
    value: ({ failure, rebuild }) =>
      [failure ?? 'runs', ...(rebuild === null ? [] : [`rebuild: ${rebuildLine(rebuild)}`])].join('; '),
  },
]
