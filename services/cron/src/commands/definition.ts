import { DaybookError } from '@daybook/errors'
import {
  anyUserTypes,
  type CronAction,
  completeDraft,
  type JobDefinition,
  jobDefinitionSchema,
  parseAppendRequest,
  parseStream,
  reservedDoorOf,
} from '@daybook/events'
import { type TProperties, type TSchema, Type } from 'typebox'
import { Check, Default, Errors } from 'typebox/value'

/** A caller learns enough from the first ones. */
const FAULTS_MAX = 20

/** What a job can be told: each member, of which whatever has a default may be left out, at any depth. */
export const definitionFields: TProperties = membersOf(jobDefinitionSchema.properties)

/** The same for a change: any member, and null for one that is to be taken away. */
export const changeFields: TProperties = Object.fromEntries(
  Object.entries(jobDefinitionSchema.properties).map(([name, schema]) => {
    const told = withDefaultsOptional(schema)
    return [name, Type.Optional(Type.IsOptional(schema) ? Type.Union([told, Type.Null()]) : told)]
  }),
)

function membersOf(properties: TProperties): TProperties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const told = withDefaultsOptional(schema)
      return [name, 'default' in schema ? Type.Optional(told) : told]
    }),
  )
}

function withDefaultsOptional(schema: TSchema): TSchema {
  if (Type.IsUnion(schema)) return Type.Union(schema.anyOf.map(withDefaultsOptional))
  if (!Type.IsObject(schema)) return schema
  const { default: filledIn } = { default: undefined, ...schema }
  return Type.Object(membersOf(schema.properties), {
    additionalProperties: false,
    ...(filledIn !== undefined && { default: filledIn }),
  })
}

/**
 * A definition with its defaults. Codes: `invalid-request`, which names what is wrong; of an action that appends:
 * `reserved-event-type`, and those of `parseAppendRequest`.
 */
export function definitionOf(given: object): JobDefinition {
  const definition: unknown = Default(jobDefinitionSchema, structuredClone(given))
  if (!Check(jobDefinitionSchema, definition)) throw invalid(definition)
  if (definition.action.do === 'append') {
    refuseReserved(definition.action)
    requireAppendable(definition.action)
  }
  return definition
}

/** What a change makes of a definition: a member that is told takes the place of the whole one. Codes: as `definitionOf`. */
export function changedDefinition(before: JobDefinition | undefined, change: object): JobDefinition {
  const members = Object.entries({ ...before, ...change }).filter(([, value]) => value !== null)
  return definitionOf(Object.fromEntries(members))
}

type AppendAction = Extract<CronAction, { do: 'append' }>

/** A job appends in the name of its tenant, so nothing that has to come through a door which checks it. */
function refuseReserved({ stream, type }: AppendAction): void {
  const door = reservedDoorOf({ kind: parseStream(stream).kind, type })
  if (door === undefined) return
  const message = `A job cannot append ${type} to ${stream}: that is appended by ${door} only.`
  throw new DaybookError('reserved-event-type', message, { details: { path: 'action' } })
}

/** Stand for what only a run has: its id and its time. */
const SOME_ID = '01K00000000000000000000000'
const SOME_TIME = '2026-01-01T00:00:00.000Z'

/** Told now rather than when it is time, as far as it can be: of types that users have added only the journal knows more. */
function requireAppendable({ stream, type, v, data, slotAs }: AppendAction): void {
  const event = { id: SOME_ID, stream, type, ...(v !== undefined && { v }) }
  const made = { ...event, data: slotAs === undefined ? data : { ...data, [slotAs]: SOME_TIME } }
  try {
    parseAppendRequest({ events: [completeDraft(made)] }, { userTypes: anyUserTypes })
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    const message = error.message.replaceAll('events[0]', 'action')
    throw new DaybookError(error.code, message, { cause: error, details: { path: 'action' } })
  }
}

function invalid(definition: unknown): DaybookError {
  const faults = Errors(jobDefinitionSchema, definition)
    .slice(0, FAULTS_MAX)
    .map(({ instancePath, message }) => `${instancePath.slice(1) || 'the job'} ${message}`)
  return new DaybookError('invalid-request', `Correct these and send it again: ${faults.join('; ')}.`)
}
