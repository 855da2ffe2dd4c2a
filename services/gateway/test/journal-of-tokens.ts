import { type Caller, callerOf, type HttpPlugin } from '@daybook/runtime'
import { documented, json, type Service, startGateway, startService, fetch as withToken } from './fixture.ts'

/** What the gateway has told the journal. */
export interface Told {
  caller: Caller
  event: { stream: string; type: string; data: Record<string, unknown> }
}

/** A service that takes appends as the journal does, and remembers them. */
async function startRecorder(): Promise<Service & { told: Told[] }> {
  const told: Told[] = []
  const plugin: HttpPlugin = async (app) => {
    const config = { scope: 'append' } as const
    app.post('/v1/events', { schema: documented('appendEvents'), config }, async (request, reply) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the gateway under test has made
      const { events } = request.body as { events: Told['event'][] }
      told.push(...events.map((event) => ({ caller: callerOf(request), event })))
      return reply.code(201).send({ receipts: events.map((event) => receiptOf(event, told.length)) })
    })
    const asked = { scope: 'read' } as const
    app.get('/v1/checkpoint', { schema: documented('who'), config: asked }, async (request) =>
      callerOf(request),
    )
  }
  return Object.assign(await startService('journal', plugin), { told })
}

function receiptOf(event: object, position: number): object {
  return { ...event, seq: 1, position, duplicate: false }
}

export interface Made {
  id: string
  token: string
  scopes: string[]
  expiresAt: string
}

/** A gateway with tokens, before a journal that remembers what it is told. */
export async function startTokens() {
  await using stack = new AsyncDisposableStack()
  const journal = stack.use(await startRecorder())
  const gateway = stack.use(await startGateway({ journal: journal.url, projection: journal.url }))
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const opened = stack.move()
  return {
    journal,
    gateway,
    /** Asks for something that needs the scope `read`: 200, 401 or 403. */
    statusOf: async (token: string, url = gateway.url): Promise<number> =>
      (await fetch(`${url}/v1/checkpoint`, as(token))).status,
    callerOf: async (token: string) => json(await fetch(`${gateway.url}/v1/checkpoint`, as(token))),
    make: async (wish: object = {}, by?: string): Promise<Made> => {
      const response = await withToken(`${gateway.url}/v1/tokens`, {
        method: 'POST',
        body: JSON.stringify({ name: 'bot', scopes: ['read'], ...wish }),
        headers: { 'content-type': 'application/json', ...(by && as(by).headers) },
      })
      if (response.status !== 201) throw new Error(await response.text())
      return json<Made>(response)
    },
    revoke: (id: string, by?: string) =>
      withToken(`${gateway.url}/v1/tokens/${id}`, { method: 'DELETE', ...(by && as(by)) }),
    list: async (query = '', by?: string) =>
      json<{ tokens: Record<string, unknown>[]; next: string | null }>(
        await withToken(`${gateway.url}/v1/tokens${query}`, by ? as(by) : {}),
      ),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
