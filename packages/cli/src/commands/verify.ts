import { DaybookError } from '@daybook/errors'
import { type Command, Option } from 'commander'
import type { Session, WithSession } from '../session.ts'
import { verifyFile } from '../verify/bundle.ts'
import { type EvidenceOptions, readEvidence } from '../verify/inputs.ts'
import { verifyLive } from '../verify/live.ts'
import { tell, type Verdict } from '../verify/verdict.ts'

interface VerifyOptions extends EvidenceOptions {
  readonly database?: string
  readonly bundle?: string
  readonly stream?: string
  readonly tenant: string
  readonly showKey?: boolean
}

const gather = (value: string, before: readonly string[] = []): string[] => [...before, value]

export function addVerify(program: Command, session: WithSession): void {
  program
    .command('verify')
    .description(
      'Verify that the record was not changed: a running journal, a database without any service, or a bundle without anything. Names the first event that does not hold; exit code 1 then.',
    )
    .option(
      '--database <where>',
      'the tables themselves: postgres://…, or the data folder of a stopped stack',
    )
    .option('--bundle <file>', 'a bundle (daybook stream:export), also a compressed one')
    .option('--stream <kind/id>', 'only this stream')
    .option('--key <key>', 'a verifier key you trust, or a file with such keys; may be repeated', gather)
    .option('--checkpoint <file>', 'a checkpoint you kept (or an anchor file); may be repeated', gather)
    .option(
      '--receipt <file>',
      'what an append answered: its events have to be there; may be repeated',
      gather,
    )
    .option('--show-key', 'print the keys that the running journal names, to be kept elsewhere')
    .addOption(new Option('--tenant <tenant>', 'whose stream, with --database and --stream').default('main'))
    .addHelpText(
      'after',
      '\nExamples:\n  daybook verify --key example.com/journal+1f2e3d4c+AQ…\n  daybook verify --database postgres://… --checkpoint anchors.txt\n  daybook verify --bundle run.jsonl --key seal.pub',
    )
    .action(async (options: VerifyOptions, command: Command) => {
      const at = session(command)
      requireOneTarget(options)
      if (options.showKey === true) await showKeys(at)
      else await tell(at, await verify(at, options))
    })
}

async function verify(at: Session, options: VerifyOptions): Promise<Verdict> {
  const { bundle, database, stream, tenant } = options
  const evidence = await readEvidence(at.shell, options)
  if (bundle !== undefined) return verifyFile(at, bundle, evidence)
  const streamed = stream === undefined ? {} : { stream }
  if (database !== undefined) {
    // Loaded only here: no other command needs a database.
    const { verifyDatabase } = await import('../verify/database.ts')
    return verifyDatabase(at, { database, tenant, ...streamed }, evidence)
  }
  await using daybook = await at.connect()
  return await verifyLive(at, daybook, { evidence, ...streamed })
}

function requireOneTarget({ bundle, database, stream, showKey }: VerifyOptions): void {
  const targets = [bundle, database, showKey].filter((target) => target !== undefined)
  if (targets.length > 1 || (bundle !== undefined && stream !== undefined)) {
    throw new DaybookError(
      'invalid-usage',
      'Name one of --bundle, --database and --show-key; a bundle is verified whole.',
    )
  }
}

async function showKeys(at: Session): Promise<void> {
  await using daybook = await at.connect()
  const keys = await daybook.verification.keys()
  if (at.json) return at.printJson({ keys })
  if (keys.length === 0) return at.remark('Nothing was sealed yet; ask again in a minute.')
  for (const { key } of keys) await at.print(key)
}
