import { DaybookError, type JsonObject } from '@daybook/errors'
import type { Complaint } from '../validator.ts'
import { type Check, compileCheck } from './check-data.ts'
import type { DataSchema } from './data-schema.ts'
import { refuseSchema } from './refuse-schema.ts'

/**
 * What a user may call a type of event: it becomes one word of a subject, and has a lower-case letter in it. Daybook's own
 * types never have one, those of its later versions included, so the two cannot meet.
 */
export const USER_TYPE_PATTERN = '^(?=.*[a-z])[A-Za-z][A-Za-z0-9_-]{0,63}$'
const userType = new RegExp(USER_TYPE_PATTERN)

/** The kinds of streams that belong to parts of Daybook. Into a run anybody may write what happened there. */
const RESERVED_KINDS: ReadonlySet<string> = new Set([
  'archive',
  'canvas',
  'cron',
  'daybook',
  'erasure',
  'hold',
  'import',
  'inbound',
  'journal',
  'memory',
  'schema',
  'session',
  'writeback',
])

/** One version of a type of event that a user has added. */
export interface UserType {
  /** Undefined when it is not known here; the journal knows. */
  readonly kind: string | undefined
  readonly type: string
  readonly v: number
  /** What is wrong with the data of such an event; undefined when it fits. */
  check(data: JsonObject): Complaint | undefined
}

/** The types that the users of one tenant have added, as far as this process knows. */
export interface UserTypes {
  find(type: string, v: number): UserType | undefined
  /** Oldest first. */
  versionsOf(type: string): readonly number[]
}

/** Whether a name may be one that a user gave, whoever has added it or not. */
export function isUserTypeName(type: string): boolean {
  return userType.test(type)
}

/** Codes: invalid-schema (the name is not one for users), wrong-stream-kind (the kind belongs to Daybook). */
export function requireUserNames({ type, kind }: { type: string; kind: string }): void {
  if (!isUserTypeName(type)) {
    throw refuseSchema(
      'type',
      "is not a name for a type of your own: up to 64 letters, digits, _ and -, the first a letter, at least one in lower case (names in capitals are Daybook's)",
    )
  }
  if (!RESERVED_KINDS.has(kind)) return
  throw new DaybookError(
    'wrong-stream-kind',
    `Streams of the kind ${kind} belong to Daybook; choose another kind.`,
  )
}

/** Of a tenant that has added none. */
export const noUserTypes: UserTypes = { find: () => undefined, versionsOf: () => [] }

/** For who hands events on to a journal: takes every name that a user may give, and leaves its data to the journal. */
export const anyUserTypes: UserTypes = {
  find: (type, v) =>
    isUserTypeName(type) ? { kind: undefined, type, v, check: () => undefined } : undefined,
  versionsOf: () => [],
}

/** Compiles at the first event: of a thousand types that were added, a day brings a few. */
export function userTypeOf(
  { kind, type, v }: { kind: string; type: string; v: number },
  schema: () => DataSchema,
): UserType {
  let check: Check | undefined
  return {
    kind,
    type,
    v,
    check: (data) => {
      check ??= compileCheck(schema())
      return check(data)
    },
  }
}
