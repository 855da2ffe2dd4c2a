import type { ScheduleInput } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { type Command, Option } from 'commander'
import { durationOption } from '../duration-option.ts'
import { laterHelp, laterOption } from '../later-option.ts'

/** When a job runs, as options say it. */
export interface ScheduleOptions {
  readonly cron?: string
  readonly timezone?: string
  readonly dst?: 'vixie' | 'skip' | 'literal'
  readonly domDow?: 'or' | 'and'
  readonly every?: number
  readonly anchor?: string
  readonly at?: string
}

export function withSchedule(command: Command): Command {
  return command
    .option(
      '--cron <expression>',
      'when: minute hour day month weekday, or six fields with seconds first; names, L, W, #, @daily',
    )
    .option('--timezone <zone>', 'whose clock --cron means, as in Europe/Berlin (default: UTC)')
    .addOption(
      new Option(
        '--dst <way>',
        'times that a clock change leaves out or repeats (default: vixie; see docs/cron.md)',
      ).choices(['vixie', 'skip', 'literal']),
    )
    .addOption(
      new Option(
        '--dom-dow <way>',
        'where a day and a weekday are given: either of them, or both (default: or)',
      ).choices(['or', 'and']),
    )
    .option('--every <duration>', 'when: every so often, as in 90s, 15m, 2h', durationOption)
    .option('--anchor <when>', 'one of the times of --every (default: 1970)', laterOption)
    .option('--at <when>', `when: once; ${laterHelp}`, laterOption)
}

/** Undefined when no option says when. Code: `invalid-usage`. */
export function scheduleOf(options: ScheduleOptions): ScheduleInput | undefined {
  const { cron, timezone, dst, domDow, every, anchor, at } = options
  const ways = [cron, every, at].filter((way) => way !== undefined)
  if (ways.length > 1) throw usage('Say it one way: --cron, --every or --at.')
  if (cron === undefined && (timezone ?? dst ?? domDow) !== undefined)
    throw usage('--timezone, --dst and --dom-dow go with --cron.')
  if (every === undefined && anchor !== undefined) throw usage('--anchor goes with --every.')
  if (cron !== undefined)
    return {
      cron,
      ...(timezone !== undefined && { timezone }),
      ...(dst !== undefined && { dst }),
      ...(domDow !== undefined && { domDow }),
    }
  if (every !== undefined) return { everyMs: every, ...(anchor !== undefined && { anchor }) }
  return at === undefined ? undefined : { at }
}

function usage(message: string): DaybookError {
  return new DaybookError('invalid-usage', message)
}
