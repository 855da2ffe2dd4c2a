import type { Database } from '@daybook/database'
import {
  type Appender,
  type CommandRequest,
  decideLoop,
  journalReader,
  type PayloadArchive,
  type Projection,
  type StateAt,
  streamReader,
} from '@daybook/eventing'
import { effectIdsOf, parseStream, type Receipt, type RunCommand, type RunToDecide } from '@daybook/events'
import type { Transaction } from 'kysely'
import { loadEffects } from '../store/effects.ts'
import { findRun } from '../store/runs.ts'
import { runDecider } from './decider.ts'

export interface RunCommandParts<DB> {
  readonly database: Database<DB>
  /** The read model of runs. */
  readonly projection: Projection<DB>
  readonly append: Appender
  readonly archive: PayloadArchive
}

/** A command on one run, for its caller. */
type RunCommandRequest = Pick<CommandRequest<RunCommand>, 'caller' | 'command'> & {
  readonly runId: string
}

/** Answers a receipt for each event; none when the command was true already. */
export type ExecuteRunCommand = (request: RunCommandRequest) => Promise<readonly Receipt[]>

/**
 * Carries out commands on runs. Codes: those of `decideRun`, of `decideLoop` and of an append. A run may be long, so
 * folding begins with what the read model knows of it; that may be old, and what came since is read from the journal.
 */
export function runCommands<DB>(parts: RunCommandParts<DB>): ExecuteRunCommand {
  const { database, append, archive } = parts
  const read = streamReader(database, archive)
  const recall = ({ caller: { tenant }, stream, command }: CommandRequest<RunCommand>) =>
    recallRun(parts, { tenant, runId: parseStream(stream).id, command })
  const decide = decideLoop<RunToDecide, RunCommand>({ read, append, recall }, (command) =>
    runDecider(effectIdsOf(command)),
  )
  return async ({ caller, runId, command }) => {
    const { receipts } = await decide({ caller, stream: `run/${runId}`, command })
    return receipts
  }
}

interface Recalled {
  readonly tenant: string
  readonly runId: string
  readonly command: RunCommand
}

async function recallRun<DB>(
  { projection, archive }: RunCommandParts<DB>,
  wanted: Recalled,
): Promise<StateAt<RunToDecide> | undefined> {
  const { tenant, runId, command } = wanted
  const { value } = await projection.read(tenant, async (trx) => {
    const run = await findRun(trx, { tenant, runId })
    if (run === undefined) return undefined
    const keys = effectIdsOf(command).map((effectId) => ({ tenant, runId, effectId }))
    const effects = [...(await loadEffects(trx, keys)).values()]
    const createdChecksum =
      command.name === 'create' ? await createdChecksumOf(trx, archive, wanted) : undefined
    const state = {
      run,
      effects: new Map(effects.map(({ effectId, effect }) => [effectId, effect])),
      createdChecksum,
    }
    return { state, seq: run.lastSeq }
  })
  return value
}

/** A run begins with its creation; one that does not was damaged, and was not created by a command. */
async function createdChecksumOf<DB>(
  trx: Transaction<DB>,
  archive: PayloadArchive,
  { tenant, runId }: Recalled,
): Promise<string | undefined> {
  const [first] = await journalReader(trx, archive).page({ tenant, stream: `run/${runId}`, limit: 1 })
  return first?.type === 'RUN_CREATED' ? first.checksum : undefined
}
