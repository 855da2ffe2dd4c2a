import type { ActionInput } from '@daybook/client'
import { DaybookError, type JsonObject, type JsonValue } from '@daybook/errors'
import type { Command } from 'commander'
import { durationOption } from '../duration-option.ts'
import { type Entrypoint, entrypointOption } from '../entrypoint-option.ts'
import { readJsonArgument } from '../json-input.ts'
import { wholeNumber } from '../option-values.ts'
import type { Shell } from '../shell.ts'

/** What a run of a job does, as options say it. */
export interface ActionOptions {
  readonly run?: string
  readonly entrypoint?: Entrypoint
  readonly inputs?: string
  readonly prompt?: string
  readonly append?: string
  readonly stream?: string
  readonly data?: string
  readonly typeVersion?: number
  readonly publish?: string
  readonly deliver?: boolean
  readonly payload?: string
  readonly lease?: number
  readonly slotAs?: string
}

export function withAction(command: Command): Command {
  return command
    .option('--run <processId>', 'what: start a run of this process, with --entrypoint')
    .option('--entrypoint <module#export>', 'of --run: its code, as in digest.mjs#digest', entrypointOption)
    .option('--inputs <json>', 'of --run: its inputs; a file as @inputs.json, - for standard input')
    .option('--prompt <text>', 'of --run: what the agent is told')
    .option('--append <type>', 'what: append an event of this type, with --stream and --data')
    .option('--stream <stream>', 'of --append: to which stream, as in user/ada')
    .option('--data <json>', 'of --append: its data; a file as @data.json, - for standard input')
    .option('--type-version <n>', 'of --append: of the type (default: the newest)', wholeNumber(1))
    .option('--publish <subject>', 'what: publish a message on daybook.app.<tenant>.<subject> of NATS')
    .option('--deliver', 'what: have a worker do it, under a lease (cron.handle of the SDK)')
    .option('--payload <json>', 'of --publish and --deliver; a file as @payload.json, - for standard input')
    .option('--lease <duration>', 'of --deliver: how long a lease is (default: 5m)', durationOption)
    .option(
      '--slot-as <member>',
      'of --run and --append: the member that is set to the time that the run is for',
    )
}

/** Undefined when no option says what. Codes: `invalid-usage`, those of reading JSON. */
export async function actionOf(options: ActionOptions, shell: Shell): Promise<ActionInput | undefined> {
  const { run, append, publish, deliver } = options
  if ([run, append, publish, deliver].filter((what) => what !== undefined).length > 1)
    throw usage('Say one thing to do: --run, --append, --publish or --deliver.')
  if (run !== undefined) return await runOf(run, options, shell)
  if (append !== undefined) return await appendOf(append, options, shell)
  if (publish !== undefined) {
    refuse(options, ['entrypoint', 'inputs', 'prompt', 'stream', 'data', 'typeVersion', 'lease', 'slotAs'])
    return { do: 'publish', subject: publish, ...(await payloadOf(options, shell)) }
  }
  if (deliver !== true) return undefined
  refuse(options, ['entrypoint', 'inputs', 'prompt', 'stream', 'data', 'typeVersion', 'slotAs'])
  const { lease } = options
  return {
    do: 'deliver',
    ...(await payloadOf(options, shell)),
    ...(lease !== undefined && { leaseMs: lease }),
  }
}

async function runOf(processId: string, options: ActionOptions, shell: Shell): Promise<ActionInput> {
  refuse(options, ['stream', 'data', 'typeVersion', 'payload', 'lease'])
  const { entrypoint, inputs, prompt, slotAs } = options
  if (entrypoint === undefined) throw usage('--run needs --entrypoint, as in --entrypoint digest.mjs#digest.')
  return {
    do: 'run',
    processId,
    entrypoint,
    ...(inputs !== undefined && { inputs: await readJsonArgument(inputs, '--inputs', shell) }),
    ...(prompt !== undefined && { prompt }),
    ...(slotAs !== undefined && { slotAs }),
  }
}

async function appendOf(type: string, options: ActionOptions, shell: Shell): Promise<ActionInput> {
  refuse(options, ['entrypoint', 'inputs', 'prompt', 'payload', 'lease'])
  const { stream, data = '{}', typeVersion, slotAs } = options
  if (stream === undefined) throw usage('--append needs --stream, as in --stream user/ada.')
  return {
    do: 'append',
    stream,
    type,
    ...(typeVersion !== undefined && { v: typeVersion }),
    data: objectOf(await readJsonArgument(data, '--data', shell)),
    ...(slotAs !== undefined && { slotAs }),
  }
}

async function payloadOf({ payload }: ActionOptions, shell: Shell): Promise<{ payload?: JsonValue }> {
  return payload === undefined ? {} : { payload: await readJsonArgument(payload, '--payload', shell) }
}

function objectOf(value: JsonValue): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw usage('--data must be an object, as in {"text":"…"}.')
}

/** What would be left out in silence is a mistake of who writes the command. */
function refuse(options: ActionOptions, names: readonly (keyof ActionOptions)[]): void {
  const name = names.find((one) => options[one] !== undefined)
  if (name === undefined) return
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw usage(`--${flag} does not go with this action. See: daybook cron:create --help`)
}

function usage(message: string): DaybookError {
  return new DaybookError('invalid-usage', message)
}
