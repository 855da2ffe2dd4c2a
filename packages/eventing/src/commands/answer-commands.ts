import type { Bus, BusService, IncomingMessage } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { actorOfSubject, decodeUtf8, isTenant, parseJson, subjects } from '@daybook/events'
import type { Author } from '../appender.ts'
import type { CommandDoor } from './door.ts'

/** A payload may be 32 deep, and the request has some levels around it; as over HTTP. */
const DEPTH_MAX = 40
/** Who gives a command under a subject that names nobody: a service, or an admin who does not say more. */
const NOBODY = { kind: 'user', id: 'anonymous' } as const

/** Answers the commands of a service over NATS: `daybook.rpc.<tenant>.<service>.<command>`, with or without an actor. */
export function answerCommands(
  bus: Bus,
  service: BusService,
  doors: readonly CommandDoor[],
): AsyncDisposable {
  const stack = new AsyncDisposableStack()
  const closing = new AbortController()
  const byName = new Map(doors.filter(({ scope }) => scope === 'append').map((door) => [door.name, door]))
  for (const subject of [subjects.rpc('*', service, '*'), subjects.commandByAnybody(service)])
    stack.use(bus.respond(subject, service, whenCommanded(byName, closing.signal)))
  // Who waits for work is answered before it is waited for them.
  stack.defer(() => closing.abort())
  return stack
}

/** What it throws, the bus answers as a problem. */
function whenCommanded(doors: ReadonlyMap<string, CommandDoor>, signal: AbortSignal) {
  return async ({ subject, data }: IncomingMessage): Promise<string> => {
    const door = doors.get(subject.split('.')[4] ?? '')
    if (door === undefined) {
      const known = [...doors.keys()].join(', ')
      throw new DaybookError('not-found', `There is no such command over NATS. There are: ${known}.`)
    }
    const input = parseJson(decodeUtf8(data), { depthMax: DEPTH_MAX })
    const { body } = await door.run({ author: authorOf(subject), signal }, input)
    return JSON.stringify(body)
  }
}

/** The server's permissions vouch for what the subject says. */
function authorOf(subject: string): Author {
  const tenant = subject.split('.')[2] ?? ''
  if (!isTenant(tenant)) throw new DaybookError('invalid-request', 'The subject does not name a tenant.')
  return { tenant, actor: actorOfSubject(subject) ?? NOBODY }
}
