import type { JsonObject, JsonValue } from '@daybook/errors'
import { appendRequestSchema, appendResultSchema, journalEventSchema, subjects } from '@daybook/events'
import { appendChannels, appendMessages, appendOperations } from './asyncapi-appends.ts'
import { parameters, toComponent, toMessage } from './asyncapi-references.ts'
import { type DescribedType, embeddable } from './described-type.ts'

const INTRODUCTION = `The durable journal for AI agents, over NATS. Events are appended by a request, which is answered
after the commit, or through a queue; every committed event is then published once under a subject that ends in its type.
Consumers of JetStream read the stream DAYBOOK_EVENTS. Names in capitals are Daybook's own types, all others were added by
users.`

/**
 * The subjects and messages of one tenant as AsyncAPI 3.0, made of the same schemas by which events are checked.
 * `send` is what Daybook publishes, `receive` what it takes.
 */
export function asyncApiOf(types: readonly DescribedType[], version: string): JsonObject {
  const byType = Map.groupBy(types, ({ type }) => type)
  const events = [...byType.values()]
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Daybook',
      version,
      description: INTRODUCTION.replaceAll('\n', ' '),
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: { ...appendChannels(), ...Object.fromEntries(events.map(channelOf)) },
    operations: { ...appendOperations(), ...Object.fromEntries(events.map(operationOf)) },
    components: {
      messages: { ...appendMessages(), ...Object.fromEntries(types.map(messageOf)) },
      schemas: {
        ...envelopeSchemas(),
        ...Object.fromEntries(types.map((type) => [nameOf(type), embeddable(type)])),
      },
    },
  }
}

const nameOf = ({ type, v }: DescribedType): string => `${type}.v${v}`
/** Every version of a type is published under one subject; `v` says which one it is. */
function channelOf(versions: readonly DescribedType[]): [string, JsonObject] {
  const [{ kind, type }] = nonEmpty(versions)
  return [
    type,
    {
      address: subjectOf(kind, type),
      title: type,
      parameters: { tenant: parameters.tenant, id: parameters.id },
      messages: Object.fromEntries(
        versions.map((version) => [nameOf(version), toComponent('messages', nameOf(version))]),
      ),
    },
  ]
}

/** From the one place that knows it, with the parameters as AsyncAPI writes them. */
function subjectOf(kind: string, type: string): string {
  return subjects.event({ tenant: '{tenant}', stream: `${kind}/ID`, type }).replace('.ID.', '.{id}.')
}

function operationOf(versions: readonly DescribedType[]): [string, JsonObject] {
  const [{ type }] = nonEmpty(versions)
  return [
    `publish.${type}`,
    {
      action: 'send',
      channel: { $ref: `#/channels/${type}` },
      messages: versions.map((version) => toMessage(type, nameOf(version))),
    },
  ]
}

function messageOf(described: DescribedType): [string, JsonObject] {
  const { type, v, description, origin } = described
  const data = { anyOf: [toComponent('schemas', nameOf(described)), toComponent('schemas', 'ErasedData')] }
  return [
    nameOf(described),
    {
      name: type,
      title: `${type}, version ${v}`,
      ...(description !== undefined && { description }),
      tags: [{ name: origin }],
      headers: toComponent('schemas', 'EventHeaders'),
      payload: {
        allOf: [
          toComponent('schemas', 'JournalEvent'),
          { type: 'object', properties: { type: { const: type }, v: { const: v }, data } },
        ],
      },
    },
  ]
}

function envelopeSchemas(): JsonObject {
  const number = { type: 'string', pattern: '^[0-9]+$' }
  return {
    AppendRequest: plain(appendRequestSchema),
    AppendResult: plain(appendResultSchema),
    JournalEvent: plain(journalEventSchema),
    ErasedData: {
      type: 'object',
      maxProperties: 0,
      description: 'What is left of the payload of an erased event',
    },
    EventHeaders: {
      type: 'object',
      properties: { 'Daybook-Position': number, 'Daybook-Prev': number, 'Daybook-Era': number },
    },
    Problem: {
      type: 'object',
      description: 'What went wrong (RFC 9457); its code is stable',
      properties: {
        code: { type: 'string' },
        detail: { type: 'string' },
        retry: { enum: ['never', 'later'] },
      },
      required: ['code', 'detail', 'retry'],
    },
  }
}

function plain(schema: object): JsonValue {
  return JSON.parse(JSON.stringify(schema))
}

function nonEmpty<T>(list: readonly T[]): readonly [T, ...T[]] {
  const [first, ...rest] = list
  if (first === undefined) throw new Error('a group has a member')
  return [first, ...rest]
}
