import { DaybookError } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { Check, Default, Errors } from 'typebox/value'
import { LEASE_MS_MAX } from './fields.ts'

const { Integer, Optional } = Type
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_SECONDS = 24 * 60 * 60
const YEAR_SECONDS = 366 * DAY_SECONDS

/** What holds for the messages of one source. All have defaults. */
export const inboundLimitsSchema = Type.Object(
  {
    leaseMs: Integer({
      minimum: 100,
      maximum: LEASE_MS_MAX,
      default: 5 * MINUTE_MS,
      description: 'How long a worker has a message that does not say how long it needs',
    }),
    maxEntries: Integer({
      minimum: 1,
      maximum: 100_000_000,
      default: 50_000,
      description: 'Messages kept with their payload',
    }),
    overflow: Type.Enum(['refuse', 'evict-oldest-pending'], {
      default: 'refuse',
      description: 'What gives way when maxEntries unfinished messages are kept',
    }),
    retentionSeconds: Integer({
      minimum: 1,
      maximum: 100 * YEAR_SECONDS,
      default: 30 * DAY_SECONDS,
      description: 'How long what became of a finished message can be looked up',
    }),
    maxAttempts: Integer({ minimum: 1, maximum: 1_000, default: 5 }),
    minDeadAgeMs: Integer({
      minimum: 0,
      maximum: 30 * DAY_SECONDS * SECOND_MS,
      default: 10 * MINUTE_MS,
      description: 'No message dies of attempts before it is this old: an outage is not its fault',
    }),
    maxAgeMs: Optional(
      Integer({ minimum: 1, maximum: YEAR_SECONDS * SECOND_MS, description: 'Older ones are stale' }),
    ),
    staleness: Type.Enum(['process', 'drop-with-record'], {
      default: 'process',
      description:
        'What becomes of a stale message, by the time at which it was sent; a requeued one is never stale',
    }),
    retryBaseMs: Integer({
      minimum: 0,
      maximum: LEASE_MS_MAX,
      default: SECOND_MS,
      description: 'The pause after the first failed attempt; each further one is twice as long',
    }),
    retryMaxMs: Integer({ minimum: 0, maximum: LEASE_MS_MAX, default: 5 * MINUTE_MS }),
    replyLeaseMs: Integer({ minimum: 100, maximum: LEASE_MS_MAX, default: MINUTE_MS }),
    onAmbiguous: Type.Enum(['keep', 'resend'], {
      default: 'keep',
      description: 'What becomes of a reply of which nobody knows whether it was sent',
    }),
  },
  { additionalProperties: false },
)

/** See `inboundLimitsSchema`. */
export type InboundLimits = Readonly<Static<typeof inboundLimitsSchema>>

/** The limits of a source of which some are given. Code: `invalid-usage`, which names what is wrong. */
export function inboundLimitsOf(given: object): InboundLimits {
  const limits: unknown = Default(inboundLimitsSchema, { ...given })
  if (Check(inboundLimitsSchema, limits)) return Object.freeze(limits)
  const faults = Errors(inboundLimitsSchema, limits)
    .map(({ instancePath, message }) => `${instancePath.slice(1) || 'the limits'} ${message}`)
    .join('; ')
  throw new DaybookError('invalid-usage', `These are no limits of a source: ${faults}.`)
}
