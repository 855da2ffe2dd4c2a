import { type Actor, subjects } from '@daybook/events'
import { topology } from './topology.ts'

/** What a user of NATS may do: these subjects, and no others. */
export interface Permissions {
  /** Never empty: NATS takes an empty list for everything. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** The services that have a user of their own. The sealer needs no NATS. */
export const busServices = ['journal', 'projection', 'inbound', 'cron', 'gateway'] as const
export type BusService = (typeof busServices)[number]

/** Where replies to a service come. Under one prefix for all, each could read what the others are answered. */
export function inboxOfService(service: BusService): string {
  return `_INBOX_${service}`
}

/** Where replies to the holder of a token come. */
export function inboxOfToken(tokenId: string): string {
  return `_INBOX_${tokenId}`
}

/** Where nats-server asks whether a connection may come in, and where it wants the answer. */
export const CALLOUT_SUBJECT = '$SYS.REQ.USER.AUTH'
/** Where a connection asks who it is and what it may do. The server answers it itself. */
export const WHO_AM_I_SUBJECT = '$SYS.REQ.USER.INFO'

/** Where a server is told to end one of its connections. */
export function kickSubject(serverId: string): string {
  return `$SYS.REQ.SERVER.${serverId}.KICK`
}

/** Requests of other accounts ask for their answers below this. */
const ANSWERS = '_R_.>'

/** What the inbound service offers to those who work: messages that came in, and replies that are to go out. */
const OFFERS = ['daybook.deliver.*.inbound.>', 'daybook.deliver.*.outbound.>']

/** What the cron service offers to those who work: runs of jobs. */
const CRON_OFFERS = 'daybook.deliver.*.cron.>'

/** What tells it that a run has ended which a job started. */
const RUN_ENDS = ['RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED'].map(
  (type) => `daybook.events.*.run.*.${type}`,
)

/** What each service may do, and nothing that it does not do. */
export const servicePermissions: Readonly<Record<BusService, Permissions>> = {
  // It answers appends, copies the journal, and alone makes the streams and consumers of all.
  journal: {
    publish: [
      'daybook.events.>',
      'daybook.signal.>',
      'daybook.receipt.>',
      ANSWERS,
      // To the services that have their events appended over NATS.
      `${inboxOfService('inbound')}.>`,
      `${inboxOfService('cron')}.>`,
      ...topology.streams.flatMap(({ name }) => keepStream(name)),
      ...topology.consumers.flatMap(({ stream, durable }) => keepConsumer(stream, durable)),
      ...consumersOf('journal').flatMap(({ stream, durable }) => readConsumer(stream, durable)),
    ],
    subscribe: [
      `${inboxOfService('journal')}.>`,
      subjects.rpc('*', 'journal', 'append'),
      subjects.appendByAnybody,
      'daybook.signal.>',
    ],
  },
  // It reads its own consumers, and writes nothing.
  projection: {
    publish: followConsumersOf('projection'),
    subscribe: [`${inboxOfService('projection')}.>`, 'daybook.signal.>'],
  },
  // It answers commands, has their events appended, and offers work; what it offers it hears itself, in other instances.
  inbound: {
    publish: [...OFFERS, subjects.rpc('*', 'journal', 'append'), ANSWERS, ...followConsumersOf('inbound')],
    subscribe: [
      `${inboxOfService('inbound')}.>`,
      subjects.rpc('*', 'inbound', '*'),
      subjects.commandByAnybody('inbound'),
      'daybook.signal.>',
      ...OFFERS,
    ],
  },
  // As inbound does; and it publishes what jobs have published, and hears how runs end.
  cron: {
    publish: [
      CRON_OFFERS,
      subjects.app('*', '>'),
      // A round trip to the server, by which it knows that a message went out.
      WHO_AM_I_SUBJECT,
      subjects.rpc('*', 'journal', 'append'),
      ANSWERS,
      ...followConsumersOf('cron'),
    ],
    subscribe: [
      `${inboxOfService('cron')}.>`,
      subjects.rpc('*', 'cron', '*'),
      subjects.commandByAnybody('cron'),
      'daybook.signal.>',
      CRON_OFFERS,
      ...RUN_ENDS,
    ],
  },
  // In the server's own account: it sees the credentials of all who come, and sends away whose token was revoked.
  gateway: {
    publish: ['$SYS._INBOX.>', kickSubject('*')],
    subscribe: [`${inboxOfService('gateway')}.>`, CALLOUT_SUBJECT],
  },
}

/** Consumers are named `<service>-<purpose>`. */
function consumersOf(service: BusService) {
  return topology.consumers.filter(({ durable }) => durable.startsWith(`${service}-`))
}

/** Looks at the service's own consumers, takes their messages and settles them. */
function followConsumersOf(service: BusService): string[] {
  return consumersOf(service).flatMap(({ stream, durable }) => [
    `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
    ...readConsumer(stream, durable),
  ])
}

/** Makes a stream, looks at it, and takes single messages out; it can neither be deleted nor emptied. */
function keepStream(name: string): string[] {
  return ['INFO', 'CREATE', 'UPDATE', 'MSG.GET', 'MSG.DELETE'].map((act) => `$JS.API.STREAM.${act}.${name}`)
}

/** A consumer with a filter is made under a subject that ends with it. */
function keepConsumer(stream: string, durable: string): string[] {
  const acts = ['INFO', 'CREATE', 'DELETE'].map((act) => `$JS.API.CONSUMER.${act}.${stream}.${durable}`)
  return [...acts, `$JS.API.CONSUMER.CREATE.${stream}.${durable}.>`]
}

/** Takes messages and settles them: the server asks for that in one of two forms (ADR-15). */
function readConsumer(stream: string, durable: string): string[] {
  return [
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    `$JS.ACK.${stream}.${durable}.>`,
    `$JS.ACK.*.*.${stream}.${durable}.>`,
  ]
}

/** Who a token stands for, and what it allows. */
export interface TokenHolder {
  /** The public half of the token; one word of a subject. */
  readonly tokenId: string
  readonly tenant: string
  readonly actor: Actor
  readonly scopes: readonly ('read' | 'append' | 'approve' | 'admin')[]
}

/**
 * What the holder of a token may do on NATS. `append`: append, work on inbound messages, make jobs and work on their runs in
 * the name of its own actor, and hear what work is offered to its tenant. `read`: hear its tenant's events, and what its
 * jobs publish. `admin`: both, and in the name of any actor. Deciding approvals goes over HTTP.
 */
export function tokenPermissions({ tokenId, tenant, actor, scopes }: TokenHolder): Permissions {
  const isAdmin = scopes.includes('admin')
  const mayAppend = isAdmin || scopes.includes('append')
  const mayRead = isAdmin || scopes.includes('read')
  return {
    publish: [
      WHO_AM_I_SUBJECT,
      ...(mayAppend ? namedCommands(tenant, actor) : []),
      ...(isAdmin ? plainCommands(tenant) : []),
    ],
    subscribe: [
      `${inboxOfToken(tokenId)}.>`,
      ...(mayAppend ? [`${subjects.receiptsOf(tenant, actor)}.>`, `daybook.deliver.${tenant}.>`] : []),
      ...(mayRead ? [`daybook.events.${tenant}.>`, subjects.app(tenant, '>')] : []),
    ],
  }
}

/** What is done in the name of one actor. */
function namedCommands(tenant: string, actor: Actor): string[] {
  return [
    subjects.appendBy(tenant, actor),
    subjects.appendQueueBy(tenant, actor),
    subjects.commandBy(tenant, 'inbound', '*', actor),
    subjects.commandBy(tenant, 'cron', '*', actor),
  ]
}

/** What is done under subjects that name nobody. */
function plainCommands(tenant: string): string[] {
  return [
    subjects.rpc(tenant, 'journal', 'append'),
    subjects.appendQueue(tenant),
    subjects.rpc(tenant, 'inbound', '*'),
    subjects.rpc(tenant, 'cron', '*'),
  ]
}
