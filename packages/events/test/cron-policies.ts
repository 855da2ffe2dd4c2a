import type { CronDecision, JobDefinition } from '../src/index.ts'
import { CronStory, jobDefinition } from './cron-story.ts'

const MINUTE_MS = 60_000
/** When the service looks again, after it ran at 01:00; the job runs every hour, and a minute late is on time. */
const LOOKS = {
  'on time': '2026-11-22T02:00:00.000Z',
  late: '2026-11-22T02:00:59.000Z',
  'missed 1': '2026-11-22T02:30:00.000Z',
  'missed 3': '2026-11-22T04:30:00.000Z',
  'missed 100': '2026-11-26T05:30:00.000Z',
} as const
const VERBS: ReadonlyMap<string, string> = new Map([
  ['CRON_RUN_STARTED', 'start'],
  ['CRON_RUN_QUEUED', 'queue'],
  ['CRON_RUN_HELD', 'hold'],
  ['CRON_RUN_SKIPPED', 'skip'],
  ['CRON_RUN_REPLACED', 'cancel'],
  ['CRON_RUN_TIMED_OUT', 'time out'],
  ['CRON_RUN_FINISHED', 'end'],
])

type TypedDecision = Exclude<CronDecision, { append: unknown }>

export interface Case {
  readonly concurrency: JobDefinition['concurrency']
  readonly misfire: JobDefinition['misfire']
  readonly look: keyof typeof LOOKS
  readonly last: 'ended' | 'active' | 'stuck'
}

/** What becomes of the times, in words: `miss 02..03 superseded, start 04`. Ten are made up for at most. */
export function outcomeOf({ concurrency, misfire, look, last }: Case): string {
  const timeout = last === 'stuck' ? { timeoutMs: 30 * MINUTE_MS } : {}
  const action = { do: 'publish', subject: 'hours' } as const
  const story = new CronStory(jobDefinition({ action, concurrency, misfire, catchUpLimit: 10, ...timeout }))
  story.give({ name: 'tick' }, '2026-11-22T01:00:00.000Z')
  const run = '20261122T010000.000Z'
  const ended = { name: 'ended', run, attempt: 1, status: 'succeeded' } as const
  if (last === 'ended') story.give(ended, '2026-11-22T01:10:00.000Z')
  return inWords(story.give({ name: 'tick' }, LOOKS[look]))
}

/** Neighbours of one kind are told together. */
function inWords(decisions: readonly CronDecision[]): string {
  const told: { verb: string; first: string; last: string; count: number; why: string }[] = []
  for (const decision of decisions) {
    const one = told.at(-1)
    const next = wordsOf(decision)
    if (next === undefined) continue
    if (one?.verb === next.verb && one.why === next.why && next.verb !== 'miss') {
      one.last = next.last
      one.count += 1
    } else told.push({ ...next, count: 1 })
  }
  const lines = told.map(({ verb, first, last, why }) => {
    const slots = first === last ? first : `${first}..${last}`
    return [verb, slots, why].filter((word) => word !== '').join(' ')
  })
  return lines.length === 0 ? 'nothing' : lines.join(', ')
}

function wordsOf(
  decision: CronDecision,
): { verb: string; first: string; last: string; why: string } | undefined {
  if ('append' in decision) return undefined
  const { type, data } = decision
  if (type === 'CRON_SLOTS_MISSED')
    return { verb: 'miss', first: hourOf(data.from), last: hourOf(data.to), why: data.reason }
  const verb = VERBS.get(type) ?? type
  return once(verb, 'run' in data ? data.run : '', whyOf(decision))
}

function whyOf({ type, data }: TypedDecision): string {
  if (type === 'CRON_RUN_QUEUED' || type === 'CRON_RUN_SKIPPED') return data.reason
  return type === 'CRON_RUN_FINISHED' ? data.status : ''
}

function once(verb: string, run: string, why = '') {
  const hour = `${run.slice(6, 8)}T${run.slice(9, 11)}`
  return { verb, first: hour, last: hour, why }
}

function hourOf(instant: string): string {
  return instant.slice(8, 13)
}
