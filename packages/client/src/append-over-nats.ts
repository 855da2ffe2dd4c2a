import type { Bus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { type Actor, type AppendResult, actorOfSubject, subjects } from '@daybook/events'
import { toAppendResult } from './answers.ts'
import type { AppendDoor } from './append.ts'
import { parseAnswer } from './parse-answer.ts'

export interface NatsDoorOptions {
  /** `nats://host:4222`, or several separated by commas. */
  readonly servers: string
  /** `dbk_…`; without one the server has to let in anybody. */
  readonly token: string | undefined
  /** Whose journal, where no token says so. */
  readonly tenant: string
}

/** Under which subjects a connection may append. */
interface Places {
  /** In the name of the token's own actor, which is the actor of events that name none. */
  readonly own?: { readonly subject: string; readonly actor: Actor }
  /** In any name: of an admin, or where the server lets in anybody. */
  readonly any?: string
}

/** The door over NATS. Only who asks for it loads the client of NATS. */
export async function openNatsDoor(
  options: NatsDoorOptions,
): Promise<{ append: AppendDoor; close(): Promise<void> }> {
  const { connectBus, inboxOfToken } = await import('@daybook/bus')
  const { servers, token } = options
  const tokenId = /^dbk_([a-z0-9]+)_/.exec(token ?? '')?.[1]
  const inboxPrefix = tokenId === undefined ? undefined : inboxOfToken(tokenId)
  const bus = await connectBus({ servers, name: 'daybook-client', token, inboxPrefix })
  let known: Places | undefined
  return {
    append: async (body, timeoutMs) => {
      known ??= await placesOf(bus, options, timeoutMs)
      return appendAt(bus, known, { body, timeoutMs })
    },
    close: async () => bus[Symbol.asyncDispose](),
  }
}

/** The server knows what the token allows; the token itself does not tell. */
async function placesOf(bus: Bus, { token, tenant }: NatsDoorOptions, timeoutMs: number): Promise<Places> {
  const anywhere = { any: subjects.rpc(tenant, 'journal', 'append') }
  if (token === undefined) return anywhere
  const { permissions } = await bus.whoAmI({ timeoutMs })
  if (permissions === undefined) return anywhere
  const appends = permissions.publish.filter((subject) =>
    /^daybook\.rpc\.[^.]+\.journal\.append(\.|$)/.test(subject),
  )
  const any = appends.find((subject) => actorOfSubject(subject) === undefined)
  for (const subject of appends) {
    const actor = actorOfSubject(subject)
    if (actor !== undefined) return { own: { subject, actor }, ...(any !== undefined && { any }) }
  }
  throw new DaybookError('forbidden', 'Appending needs the scope append. Use a token that has it.')
}

async function appendAt(
  bus: Bus,
  { own, any }: Places,
  { body, timeoutMs }: { body: string; timeoutMs: number },
): Promise<AppendResult> {
  const ask = async (subject: string, text: string): Promise<AppendResult> => {
    const reply = await bus.request(subject, text, { timeoutMs })
    return toAppendResult(parseAnswer(reply.text(), 'The journal'))
  }
  if (own === undefined) return ask(any ?? '', body)
  try {
    return await ask(own.subject, body)
  } catch (error) {
    const namesOthers = error instanceof DaybookError && error.code === 'forbidden'
    if (!namesOthers || any === undefined) throw error
    // As over HTTP: an admin may name others, and what names nobody is the admin's.
    return ask(any, withActor(body, own.actor))
  }
}

function withActor(body: string, actor: Actor): string {
  const request: { events: object[] } = JSON.parse(body)
  return JSON.stringify({ ...request, events: request.events.map((event) => ({ actor, ...event })) })
}
