import type { SimpleSchedule } from './cron-slots.ts'

/** A job of the story, as it is asked for. */
export interface StoryJob {
  readonly name: string
  readonly schedule: SimpleSchedule
  readonly action: string
  readonly misfire: string
  /** The members of `POST /v1/cron/jobs` beside the name. */
  readonly definition: object
}

/** What a job of the action `append` appends; users of Daybook add such types. */
export const TICKED = { type: 'Ticked', kind: 'tick' } as const

const ACTIONS = ['append', 'run', 'publish', 'deliver'] as const
const CONCURRENCIES = ['forbid', 'replace', 'queue-one', 'allow'] as const
const MISFIRES = ['skip', 'run-once', 'catch-up', 'review'] as const

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** No two of them fall together for long. */
const SCHEDULES: readonly SimpleSchedule[] = [
  { everyMs: 375 * SECOND_MS },
  { cron: '20 */13 * * * *' },
  { everyMs: 487 * SECOND_MS, anchor: '2026-01-01T00:00:07.500Z' },
  { everyMs: 9 * MINUTE_MS },
  { cron: '*/40 */25 * * * *' },
]

/**
 * Every action with every rule for overlaps and for times that were missed, until an instant; or half of that, where any two of
 * them meet all the same.
 */
export function storyJobs({ endAt, isWhole }: { endAt: string; isWhole: boolean }): StoryJob[] {
  const kinds = ACTIONS.flatMap((action, i) =>
    CONCURRENCIES.flatMap((concurrency, j) =>
      MISFIRES.flatMap((misfire, k) =>
        isWhole || (i + j + k) % 2 === 0 ? [{ action, concurrency, misfire }] : [],
      ),
    ),
  )
  return kinds.map(({ action, concurrency, misfire }, index) => {
    const schedule = SCHEDULES[index % SCHEDULES.length] ?? { everyMs: MINUTE_MS }
    const name = `${action}-${concurrency}-${misfire}`
    return {
      name,
      schedule,
      action,
      misfire,
      definition: {
        schedule,
        action: actionOf(action, name),
        concurrency,
        misfire,
        // Most of them forgive what a service of the story is away, some of them nothing.
        misfireGraceMs: index % 3 === 0 ? 10 * MINUTE_MS : 5 * HOUR_MS,
        jitterMs: index % 4 === 1 ? 2 * MINUTE_MS : 0,
        catchUpLimit: 10,
        endAt,
        // A lease of hours is one of seconds, by a clock that is turned so fast.
        retry: { maxAttempts: 100, backoffMs: 5 * MINUTE_MS },
        ...(index % 5 === 2 && { timeoutMs: 5 * HOUR_MS }),
      },
    }
  })
}

function actionOf(action: (typeof ACTIONS)[number], name: string): object {
  switch (action) {
    case 'append':
      return {
        do: 'append',
        stream: `${TICKED.kind}/${name}`,
        type: TICKED.type,
        v: 1,
        data: { job: name },
        slotAs: 'slot',
      }
    case 'run':
      return {
        do: 'run',
        processId: 'story',
        entrypoint: { importPath: 'story.js', exportName: 'default' },
        inputs: { job: name },
        slotAs: 'slot',
      }
    case 'publish':
      return { do: 'publish', subject: `story.${name}`, payload: { job: name } }
    case 'deliver':
      return { do: 'deliver', payload: { job: name }, leaseMs: 10 * HOUR_MS }
    default:
      return action satisfies never
  }
}
