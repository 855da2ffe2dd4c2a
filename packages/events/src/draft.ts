import { DaybookError } from '@daybook/errors'
import type { Draft } from './envelope.ts'
import { type EventData, type EventTypeName, versionsOf } from './registry.ts'

/** An event to append, with the data that its type asks for. */
export type TypedDraft<Type extends EventTypeName> = Omit<Draft, 'type' | 'v' | 'data'> & {
  type: Type
  data: EventData<Type>
}

/** Completes an event with the newest version of its type. Code: unknown-event-type. */
export function draft<Type extends EventTypeName>(input: TypedDraft<Type>): Draft
export function draft(input: Omit<Draft, 'v'>): Draft {
  const v = versionsOf(input.type).at(-1)
  if (v === undefined) throw new DaybookError('unknown-event-type', `There is no event type ${input.type}.`)
  return { ...input, v }
}
