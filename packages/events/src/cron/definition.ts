import type { JsonObject } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { leaseMsSchema } from '../inbound/fields.ts'
import { entrypoint, json, name } from '../run/fields.ts'
import { STREAM_PATTERN } from '../stream.ts'
import { closed, instant, PAUSE_MS_MAX } from './fields.ts'

const { Enum, Integer, Object: Struct, Optional, String: Text, Union } = Type

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What a job keeps of its ended runs where it does not say so, or does not any more. */
export const KEPT_BY_DEFAULT = { keepRuns: 1_000, keepDays: 90 } as const

const slotAs = Optional(
  Text({
    pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$',
    description: 'The member that is set to the time that the run is for, or to the moment of its start',
  }),
)

/** When a job runs: by a cron expression in a time zone, every so often, or once. */
export const scheduleSchema = Union([
  Struct(
    {
      cron: Text({
        minLength: 1,
        maxLength: 200,
        description: 'Five fields; six with seconds first; seven with years last; or @daily',
      }),
      timezone: Text({ minLength: 1, maxLength: 64, default: 'UTC', description: 'IANA: Europe/Berlin' }),
      dst: Enum(['vixie', 'skip', 'literal'], {
        default: 'vixie',
        description:
          'What happens to times that a clock change leaves out or repeats. vixie: a fixed time that is left out runs just after the gap, and one that is repeated runs once; times with * follow the clock. skip: left out, and once. literal: left out, and twice',
      }),
      domDow: Enum(['or', 'and'], {
        default: 'or',
        description: 'Where both a day of the month and a day of the week are given: either of them, or both',
      }),
    },
    closed,
  ),
  Struct(
    {
      everyMs: Integer({ minimum: SECOND_MS, maximum: PAUSE_MS_MAX }),
      anchor: Optional(
        Type.Unsafe<string>({
          ...instant,
          description: 'One of the times; the beginning of 1970 unless told',
        }),
      ),
    },
    closed,
  ),
  Struct({ at: instant }, closed),
])

/** What a run does. */
export const actionSchema = Union([
  Struct(
    {
      do: Type.Literal('append', { description: 'Append an event, in the same commit as the start' }),
      stream: Text({ pattern: STREAM_PATTERN }),
      type: Text({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' }),
      v: Optional(Integer({ minimum: 1 })),
      data: Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true }),
      slotAs,
    },
    closed,
  ),
  Struct(
    {
      do: Type.Literal('run', { description: 'Start a run; this run ends as that one ends' }),
      processId: name,
      entrypoint,
      inputs: Optional(json),
      prompt: Optional(Text()),
      slotAs,
    },
    closed,
  ),
  Struct(
    {
      do: Type.Literal('publish', { description: 'Publish a message on daybook.app.<tenant>.<subject>' }),
      subject: Text({ pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+){0,15}$', maxLength: 200 }),
      payload: Optional(json),
    },
    closed,
  ),
  Struct(
    {
      do: Type.Literal('deliver', { description: 'Have a worker do it under a lease' }),
      payload: Optional(json),
      leaseMs: Type.Unsafe<number>({ ...leaseMsSchema, default: 5 * MINUTE_MS }),
    },
    closed,
  ),
])

/** Everything that a job is told. What is left out has its default in a definition that was accepted. */
export const jobDefinitionSchema = Struct(
  {
    description: Optional(Text({ maxLength: 2_000 })),
    schedule: scheduleSchema,
    action: actionSchema,
    concurrency: Enum(['forbid', 'replace', 'queue-one', 'allow'], {
      default: 'forbid',
      description:
        'When the last run has not ended: skip the new one, cancel the last one for it, let one wait, or let both run',
    }),
    misfire: Enum(['skip', 'run-once', 'catch-up', 'review'], {
      default: 'run-once',
      description:
        'What becomes of times that were missed: none runs, the latest does, all do one after the other, or a person decides',
    }),
    misfireGraceMs: Integer({
      minimum: 0,
      maximum: PAUSE_MS_MAX,
      default: MINUTE_MS,
      description: 'So late is still on time',
    }),
    catchUpLimit: Integer({
      minimum: 1,
      maximum: 500,
      default: 100,
      description: 'Of catch-up and review',
    }),
    jitterMs: Integer({
      minimum: 0,
      maximum: 24 * HOUR_MS,
      default: 0,
      description: 'Each run starts up to so much later than its time, always by the same for the same time',
    }),
    startAt: Optional(instant),
    endAt: Optional(instant),
    maxRuns: Optional(
      Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Of those that its times make' }),
    ),
    retry: Struct(
      {
        maxAttempts: Integer({ minimum: 1, maximum: 1_000, default: 1 }),
        backoffMs: Integer({
          minimum: 0,
          maximum: 24 * HOUR_MS,
          default: 10 * SECOND_MS,
          description: 'After the first attempt; each further pause is twice as long, up to a day',
        }),
      },
      { ...closed, default: {} },
    ),
    timeoutMs: Optional(
      Integer({ minimum: SECOND_MS, maximum: PAUSE_MS_MAX, description: 'For all attempts' }),
    ),
    cancelTimeoutMs: Integer({
      minimum: 0,
      maximum: 24 * HOUR_MS,
      default: MINUTE_MS,
      description: 'A run that was asked to end is given up after so long',
    }),
    keepRuns: Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: KEPT_BY_DEFAULT.keepRuns,
      description: 'Ended runs that are listed',
    }),
    keepDays: Integer({ minimum: 1, maximum: 36_600, default: KEPT_BY_DEFAULT.keepDays }),
  },
  closed,
)

/** See `scheduleSchema`. */
export type Schedule = Static<typeof scheduleSchema>
/** See `actionSchema`. */
export type CronAction = Static<typeof actionSchema>
/** See `jobDefinitionSchema`. */
export type JobDefinition = Static<typeof jobDefinitionSchema>
