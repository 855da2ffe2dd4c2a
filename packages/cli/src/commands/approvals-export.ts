import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'
import { type ExportReport, readLines, verifyApprovalExport } from '@daybook/events'
import { type Command, InvalidArgumentError } from 'commander'
import { wholeNumber } from '../option-values.ts'
import { openOutput } from '../output-target.ts'
import { printable } from '../printable.ts'
import type { Session, WithSession } from '../session.ts'
import type { Shell } from '../shell.ts'
import { type FilterOptions, filterOf, withFilter } from './approvals.ts'

interface ExportOptions extends FilterOptions {
  readonly limit?: number
  readonly out?: string
}

export function addApprovalsExport(program: Command, session: WithSession): void {
  addExport(program, session)
  addVerify(program, session)
}

function addExport(program: Command, session: WithSession): void {
  withFilter(
    program
      .command('approvals:export')
      .description(
        'Approvals as hash-chained JSON Lines, for an archive or an auditor: who approved what, and why.',
      ),
    'all',
  )
    .option(
      '--limit <n>',
      'at most so many (default: 100,000); the last line says whether there are more',
      wholeNumber(1),
    )
    .option('--out <file>', 'where to (default: standard output); never over another file')
    .addHelpText(
      'after',
      '\nExample:\n  daybook approvals:export --since 2026-11-01 --until 2026-12-01 --out november.jsonl',
    )
    .action(async ({ limit, out, ...options }: ExportOptions, command: Command) => {
      const { connect, remark, shell } = session(command)
      await using daybook = await connect()
      const filter = { ...filterOf(options), ...(limit !== undefined && { limit }) }
      let records = -1 // the last line is none
      {
        await using target = await openOutput(shell, out)
        for await (const line of daybook.approvals.export(filter, shell.signal)) {
          await target.write(`${line}\n`)
          records += 1
        }
      }
      if (out !== undefined)
        await remark(`${records} approvals are in ${out}. Verify it: daybook approvals:verify ${out}`)
    })
}

interface VerifyOptions {
  readonly chain?: string
}

function addVerify(program: Command, session: WithSession): void {
  program
    .command('approvals:verify')
    .description(
      'Check an export of approvals, without a server: that no line was changed, left out, added or moved.',
    )
    .argument('[file]', 'the export; standard input for - and for none')
    .option(
      '--chain <sha256>',
      'the last chain value as you have kept it: then a file made anew shows too',
      sha256,
    )
    .addHelpText('after', '\nExample:\n  daybook approvals:verify november.jsonl --chain 5f0c…')
    .action(async (file: string | undefined, { chain }: VerifyOptions, command: Command) => {
      const at = session(command)
      const report = await verifyApprovalExport(readLines(await bytesOf(file, at.shell)))
      await tell(at, report, chain)
    })
}

async function bytesOf(file: string | undefined, shell: Shell): Promise<AsyncIterable<Uint8Array>> {
  if (file === undefined || file === '-') return shell.stdin
  const path = resolve(shell.cwd, file)
  await access(path).catch((cause: unknown) => {
    throw new DaybookError('invalid-usage', `There is no file ${file} that can be read.`, { cause })
  })
  return createReadStream(path)
}

/** Tells it, and ends with `verification-failed` when something does not hold. */
async function tell(at: Session, report: ExportReport, kept: string | undefined): Promise<void> {
  const { records, chain, trailer, fault } = report
  const isOther = fault === undefined && kept !== undefined && kept !== chain
  const ok = fault === undefined && !isOther
  if (at.json) await at.printJson({ ok, ...report })
  else if (ok) await at.print(summaryOf(report))
  if (trailer?.cutOff === true) await at.remark('note: it was cut off; there are more than these.')
  if (fault !== undefined) {
    throw new DaybookError('verification-failed', `Line ${fault.line}: ${fault.detail} (${fault.code}).`, {
      details: { ...fault, records },
    })
  }
  if (!isOther) return
  const message = `It holds, and is another export than the one you have kept the chain value of: ${chain}.`
  throw new DaybookError('verification-failed', message, { details: { code: 'chain', chain, kept } })
}

function summaryOf({ records, chain, trailer }: ExportReport): string {
  const filters = Object.entries(trailer?.filters ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [
    `Everything holds: ${records} approvals, exported at ${trailer?.exportedAt ?? 'an unknown time'}.`,
    `Which: ${filters.length === 0 ? 'all' : filters.join(', ')}.`,
    `Last chain value: ${chain}`,
  ]
    .map(printable)
    .join('\n')
}

function sha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('It must be a SHA-256 in hex: 64 digits.')
}
