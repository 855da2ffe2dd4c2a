import { DaybookError } from '@daybook/errors'
import type { Draft } from './envelope.ts'
import { type EventData, type EventTypeName, ownTypes } from './registry.ts'

/** An event to append, with the data that its type asks for. */
export type TypedDraft<Type extends EventTypeName> = Omit<Draft, 'type' | 'v' | 'data'> & {
  type: Type
  data: EventData<Type>
}

/** Completes an event with the newest version of its type. */
export function draft<Type extends EventTypeName>(input: TypedDraft<Type>): Draft
export function draft(input: Omit<Draft, 'v'>): Draft {
  return completeDraft(input)
}

/**
 * The same for who does not know the type while he writes his program. A type that users have added has to name its
 * version. Code: unknown-event-type.
 */
export function completeDraft(input: Omit<Draft, 'v'> & { v?: number }): Draft {
  const v = input.v ?? ownTypes.versionsOf(input.type).at(-1)
  if (v !== undefined) return { ...input, v }
  throw new DaybookError(
    'unknown-event-type',
    `There is no event type ${input.type} of Daybook. One of your own needs its version (v).`,
  )
}
