import type { Daybook, Decision, MessageAnswer } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { type Command, Option } from 'commander'
import type { WithSession } from '../session.ts'
import { reportSettled, settleEach } from '../settle.ts'
import { type MessageOptions, pageOf, stateOption, withPlace } from './inbound-list.ts'

interface SettleOptions extends MessageOptions {
  readonly reason: string
  readonly all?: boolean
}

export function addInboundSettle(program: Command, session: WithSession): void {
  addSettle(program, session, {
    name: 'inbound:requeue',
    description:
      'Have dead messages tried again, each as the last of its conversation; where only replies were dead, these.',
    states: ['dead'],
    examples: [
      "daybook inbound:requeue 5p3x… --reason 'the model is back'",
      "daybook inbound:requeue --all --state dead --source telegram --reason 'deployed 1.4.2'",
    ],
    settle: (daybook, key, decision) => daybook.inbound.requeue(key, decision),
    detailOf: ({ state }) => (state === 'replying' ? 'its replies are sent again' : 'it is worked on again'),
    outcome: 'requeued',
  })
  addSettle(program, session, {
    name: 'inbound:dismiss',
    description: 'Take note of dead messages, or of pending ones that nobody is to work on.',
    states: ['dead', 'pending'],
    examples: [
      "daybook inbound:dismiss 5p3x… --reason 'a test of the staging bot'",
      "daybook inbound:dismiss --all --state pending --conversation -1001234 --reason 'spam'",
    ],
    settle: (daybook, key, decision) => daybook.inbound.dismiss(key, decision),
    detailOf: () => 'nothing more is done about it',
    outcome: 'dismissed',
  })
}

interface SettleCommand {
  readonly name: string
  readonly description: string
  /** In which it can be done; the first one unless told. */
  readonly states: readonly string[]
  readonly examples: readonly string[]
  readonly settle: (daybook: Daybook, key: string, decision: Decision) => Promise<MessageAnswer>
  readonly detailOf: (answer: MessageAnswer) => string
  readonly outcome: string
}

function addSettle(program: Command, session: WithSession, settling: SettleCommand): void {
  const { name, description, states, examples, settle, detailOf, outcome } = settling
  withPlace(program.command(name).description(description).argument('[keys...]'))
    .requiredOption('--reason <text>', 'why; it is kept')
    .addOption(stateOption(states).default(states[0]))
    .addOption(new Option('--all', 'all that fit the options above instead of keys, oldest first'))
    .addHelpText(
      'after',
      `\nOne that is refused does not keep the others from being tried; the exit code is then 1.\n\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`.trimEnd(),
    )
    .action(async (keys: string[], options: SettleOptions, command: Command) => {
      const at = session(command)
      if ((options.all === true) === keys.length > 0)
        throw new DaybookError('invalid-usage', 'Name the messages by their keys, or choose them by --all.')
      await using daybook = await at.connect()
      const chosen = options.all === true ? await oldestFirst(daybook, options) : keys
      const results = await settleEach(chosen, async (id) => {
        const answer = await settle(daybook, id, { reason: options.reason })
        return { id, outcome, detail: detailOf(answer) }
      })
      await reportSettled(at, results, { id: 'key', none: 'No messages fit.' })
    })
}

/** In the order in which they came, in which a conversation makes sense. */
async function oldestFirst(daybook: Daybook, options: MessageOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of daybook.inbound.list(pageOf(options))) keys.push(key)
  return keys.toReversed()
}
