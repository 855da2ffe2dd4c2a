import type { ErasureAnswer, ErasureRecord } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import { firstOf } from '../first-of.ts'
import { list, wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface EraseOptions {
  readonly ids?: readonly string[]
  readonly reason: string
  readonly yes?: boolean
}

/** A screen or two. */
const limitDefault = 50

export function addEventsErase(program: Command, session: WithSession): void {
  program
    .command('events:erase')
    .description(
      'Erase the payloads of a stream, or of events, for good: in the journal, the archive, JetStream and the read models. ' +
        'Headers and checksums stay, and the chain still verifies.',
    )
    .argument('[stream]', 'all of it up to now, such as run/01K0…')
    .option('--ids <list>', 'single events by their ids, instead of a stream', list)
    .requiredOption('--reason <text>', 'why; it is kept for ever, so name nobody in it')
    .option('--yes', 'do it; without this the command only says what would be erased')
    .addHelpText(
      'after',
      "\nAn imported run has two streams: run/<id>, and import/<id> with its files.\n\nExample:\n  daybook events:erase run/01K0… --reason 'request 4711' --yes",
    )
    .action(async (stream: string | undefined, options: EraseOptions, command: Command) => {
      const at = session(command)
      const target = targetOf(stream, options.ids)
      if (options.yes !== true) {
        const what = 'stream' in target ? `all payloads of ${target.stream}` : `${target.ids.length} payloads`
        throw new DaybookError('invalid-usage', `This erases ${what} for good. Say so with --yes.`)
      }
      await using daybook = await at.connect()
      const decision = { reason: options.reason }
      const answer = await daybook.retention.erase(target, decision)
      await (at.json ? at.printJson(answer) : at.print(linesOf(answer)))
    })
  program
    .command('erasures:list')
    .description('What was erased, why, by whom, and whether it has reached every place; newest first.')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText('after', '\nExample:\n  daybook erasures:list --limit 10')
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const erasures = await firstOf(daybook.retention.erasures(), limit)
      if (json) await printJson({ erasures })
      else if (erasures.length === 0) await remark('Nothing was erased.')
      else await print(table(erasures, columns, colour))
    })
}

function targetOf(stream: string | undefined, ids: readonly string[] | undefined) {
  if (stream !== undefined && ids === undefined) return { stream }
  if (ids !== undefined && stream === undefined) return { ids }
  throw new DaybookError(
    'invalid-usage',
    'Name a stream, or events by --ids. See: daybook events:erase --help',
  )
}

function linesOf({ erasureId, events, erasedBefore, progress }: ErasureAnswer): string {
  if (erasureId === null) return `Nothing was left to erase: ${erasedBefore} payloads had gone before.`
  const waits = Object.entries(progress).flatMap(([step, state]) => (state === 'done' ? [] : [places[step]]))
  const rest =
    waits.length === 0 ? 'It has reached every place.' : `It goes on by itself in: ${waits.join(', ')}.`
  return `Erased ${events} payloads (erasure/${erasureId}). ${rest}`
}

const places: Readonly<Record<string, string>> = {
  payloads: 'the journal',
  bundles: 'the archive',
  blobs: 'the blobs',
  stream: 'JetStream',
}

function openPlaces({ progress }: ErasureRecord): string {
  const waits = Object.entries(progress).flatMap(([step, state]) => (state === 'done' ? [] : [step]))
  return waits.length === 0 ? 'done' : `pending: ${waits.join(', ')}`
}

const columns: readonly Column<ErasureRecord>[] = [
  { title: 'ERASURE', value: ({ erasureId }) => erasureId },
  { title: 'RECORDED', value: ({ recordedAt }) => recordedAt },
  { title: 'EVENTS', align: 'right', value: ({ events }) => events },
  { title: 'STREAM', value: ({ stream }) => stream ?? '' },
  { title: 'BY', value: ({ actor }) => `${actor.kind}:${actor.id}` },
  { title: 'STATE', value: openPlaces },
  { title: 'REASON', value: ({ reason }) => reason },
]
