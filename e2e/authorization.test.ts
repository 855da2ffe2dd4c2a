import { join } from 'node:path'
import { connectDaybook, type TokenScope } from '@daybook/client'
import { createTempFolder, describeWithServer, runSql, startProcess, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { daybook as runDaybook } from './command.ts'
import { asGateway, type Deployment, deploy } from './deployment.ts'
import { ask, type Operation, readOperations } from './operations.ts'
import { queueAppend } from './queue.ts'
import { runHistory } from './run-history.ts'

const scopes: readonly TokenScope[] = ['read', 'append', 'approve', 'admin']

/** What asks for no token, on purpose. */
const PUBLIC = ['GET /v1/openapi.json', 'POST /v1/hooks/{source}/{account}']

describeWithServer('every operation of the API', () => {
  let deployment: Deployment
  let operations: Operation[]
  const made = new Map<string, string>()

  beforeAll(async () => {
    deployment = await deploy({ withInbound: true, withCron: true })
    operations = (await readOperations(deployment.gatewayUrl)).filter(({ name }) => !PUBLIC.includes(name))
    await using daybook = await deployment.connect()
    const make = async (name: string, of: readonly TokenScope[]) => {
      const { id, token } = await daybook.tokens.create({ name, scopes: of })
      made.set(name, token)
      return id
    }
    for (const scope of scopes) await make(scope, [scope])
    for (const scope of scopes)
      await make(
        `all but ${scope}`,
        scopes.filter((other) => other !== scope && other !== 'admin'),
      )
    const expired = await make('expired', ['admin'])
    const past = "created_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
    await runSql(deployment.databaseUrl, `update gateway.tokens set ${past} where id = '${expired}'`)
    await daybook.tokens.revoke(await make('revoked', ['admin']))
  }, 120_000)

  afterAll(async () => {
    await deployment[Symbol.asyncDispose]()
  })

  /** The answers of all operations to one way of asking, by name. */
  async function answers(authorization: (operation: Operation) => string | undefined) {
    const statuses: Record<string, number> = {}
    for (const operation of operations)
      statuses[operation.name] = (
        await ask(deployment.gatewayUrl, operation, authorization(operation))
      ).status
    return statuses
  }

  const everywhere = (status: number) => Object.fromEntries(operations.map(({ name }) => [name, status]))

  it('names the scope that it asks for, and there are operations for each', () => {
    expect(operations.length).toBeGreaterThan(30)
    expect(operations.filter(({ scope }) => scope === undefined)).toEqual([])
    expect(new Set(operations.map(({ scope }) => scope))).toEqual(new Set(scopes))
  })

  it.each([
    ['no token', () => undefined],
    ['what is no token', () => 'Bearer nonsense'],
    ['another way to say who one is', () => `Basic ${Buffer.from('admin:admin').toString('base64')}`],
    ['the secret of another token', () => `Bearer dbk_admin_${made.get('admin')?.split('_')[2]}`],
    ['an expired token', () => `Bearer ${made.get('expired')}`],
    ['a revoked token', () => `Bearer ${made.get('revoked')}`],
  ])('refuses %s', async (_what, authorization) => {
    expect(await answers(authorization)).toEqual(everywhere(401))
  })

  it('refuses a token with every scope but the one that it asks for and admin', async () => {
    const of = ({ scope }: Operation) => `Bearer ${made.get(`all but ${scope}`)}`
    expect(await answers(of)).toEqual(everywhere(403))
    const [operation] = operations
    if (operation === undefined) return
    const { challenge, text } = await ask(deployment.gatewayUrl, operation, of(operation))
    expect(challenge).toBe(`Bearer realm="daybook", error="insufficient_scope", scope="${operation.scope}"`)
    expect(JSON.parse(text)).toMatchObject({ code: 'forbidden', details: { scope: operation.scope } })
  })

  it('lets a token in that has its scope and no other, and an admin', async () => {
    const ways = [
      ({ scope }: Operation) => `Bearer ${made.get(scope ?? '')}`,
      () => `Bearer ${deployment.token}`,
    ]
    for (const way of ways) {
      const refused = Object.entries(await answers(way)).filter(
        ([, status]) => status === 401 || status === 403,
      )
      expect(refused).toEqual([])
    }
  })

  it('is there only through the gateway: a service by itself answers nobody who is not passed on', async () => {
    const { journalUrl, projectionUrl, services } = deployment
    const { inbound, cron } = services
    for (const url of [
      `${journalUrl}/v1/dead-letters`,
      `${projectionUrl}/v1/runs`,
      `${inbound.url}/v1/projections`,
      `${cron.url}/v1/projections`,
    ]) {
      const headers = { authorization: `Bearer ${deployment.token}`, 'daybook-tenant': 'main' }
      expect((await fetch(url, { headers })).status).toBe(401)
      expect((await fetch(url, { headers: asGateway() })).status).toBe(200)
    }
  })
})

describeWithServer('the token of another tenant', () => {
  /** Stands in everything that the tenant `main` has said, and in nothing that a test asks with. */
  const MARKER = 'only-for-main'

  // Without the tenant of the caller (`callerOf`) in a single read, its operation shows the marker here.
  it('shows nothing of the first one: no operation that reads tells a word of it', async () => {
    await using deployment = await deploy({ withInbound: true, withCron: true })
    const { gatewayUrl, token: main } = deployment
    const acme = await deployment.firstToken('acme')
    const filled = await fill(deployment)
    const reads = (await readOperations(gatewayUrl)).filter(({ method }) => method === 'GET')
    const asked = reads.flatMap((operation) => filled.map((values) => ({ operation, values })))
    const shownTo = async (token: string): Promise<string[]> => {
      const shown = new Set<string>()
      for (const { operation, values } of asked) {
        const { text } = await ask(gatewayUrl, operation, `Bearer ${token}`, values)
        if (text.includes(MARKER)) shown.add(operation.name)
      }
      return [...shown]
    }
    expect(await shownTo(acme)).toEqual([])
    // The marker is where it should be: the owner sees it in most of what can be read.
    expect((await shownTo(main)).length).toBeGreaterThanOrEqual(10)
  }, 240_000)

  it('does nothing that concerns all tenants', async () => {
    await using deployment = await deploy({ withInbound: true, withCron: true })
    const authorization = `Bearer ${await deployment.firstToken('acme')}`
    const headers = { authorization, 'content-type': 'application/json' }
    for (const [path, body] of [
      ['/v1/projections/runs/rebuild', { reason: 'x' }],
      ['/v1/projections/inbound/rebuild', { reason: 'x' }],
      ['/v1/projections/cron/rebuild', { reason: 'x' }],
      ['/v1/archives', { olderThanDays: 0 }],
    ] as const) {
      const request = { method: 'POST', headers, body: JSON.stringify(body) }
      expect((await fetch(`${deployment.gatewayUrl}${path}`, request)).status).toBe(403)
    }
  })

  it('leaves gaps in what it sees of a journal, and the end of each stream is proven to it instead', async () => {
    await using folder = await createTempFolder()
    await using deployment = await deploy()
    await using sealer = await startSealer(deployment, folder.path)
    const acme = await deployment.firstToken('acme')
    await using theirs = await deployment.connect()
    await using ours = await connectDaybook({ url: deployment.gatewayUrl, token: acme })
    await theirs.append(runHistory(theirs, MARKER, 1))
    const { receipts } = await ours.append(runHistory(ours, 'ours', 1))
    const size = receipts.at(-1)?.position ?? 0
    const isCovered = async () => Number((await ours.verification.checkpoint()).split('\n')[1]) >= size
    await waitFor(() => isCovered().catch(() => false), { what: 'the checkpoint' })
    const args = ['verify', '--key', join(folder.path, 'seal.pub'), '--json', '--url', deployment.gatewayUrl]
    const { code, stdout } = await runDaybook(args, { env: { DAYBOOK_TOKEN: acme } })
    const remarks = [expect.stringContaining('the end of each stream was proven')]
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true, remarks }])
    expect(stdout).not.toContain(MARKER)
    await sealer.stop()
  })

  /** Lets `main` say the marker in every way there is. Answers what stands for the parameters of paths. */
  async function fill(deployment: Deployment): Promise<Record<string, string>[]> {
    await using daybook = await deployment.connect()
    const [created, ...work] = runHistory(daybook, 'r1', 2)
    if (created === undefined) throw new Error('a history has a first event')
    const named = { ...created, data: { ...created.data, processId: MARKER }, key: MARKER }
    const asked = daybook.draft({
      stream: 'run/r2',
      type: 'EFFECT_REQUESTED',
      data: {
        effectId: 'ask-1',
        invocationKey: MARKER,
        stepId: 'S',
        taskId: MARKER,
        kind: 'breakpoint',
        taskDefRef: MARKER,
      },
    })
    const entrypoint = { importPath: MARKER, exportName: 'default' }
    const { receipts } = await daybook.append([
      named,
      ...work,
      daybook.draft({
        stream: 'run/r2',
        type: 'RUN_CREATED',
        data: { runId: 'r2', processId: MARKER, entrypoint },
      }),
      asked,
    ])
    const blob = await daybook.blobs.put(Buffer.from(MARKER), 'text/plain')
    await daybook.retention.setHold('run/r1', { reason: MARKER })
    await daybook.append(daybook.draft({ stream: 'run/r3', type: 'PROCESS_LOG', data: { message: MARKER } }))
    await daybook.retention.erase({ stream: 'run/r3' }, { reason: MARKER })
    const schema = { type: 'object', description: MARKER, properties: {}, additionalProperties: false }
    await daybook.schemas.add({ kind: 'order', type: 'OrderPlaced', v: 1, schema, description: MARKER })
    await daybook.projections.rebuild('runs', { reason: MARKER })
    const action = { do: 'deliver', payload: MARKER } as const
    const schedule = { cron: '0 3 * * *' }
    await daybook.cron.create({ name: 'digest', description: MARKER, schedule, action })
    const { run } = await daybook.cron.runNow('digest')
    const jobIsRead = async () => (await daybook.cron.get('digest').catch(() => undefined))?.open.length === 1
    await waitFor(jobIsRead, { what: 'the job' })
    const { id: tokenId } = await daybook.tokens.create({ name: MARKER, scopes: ['read'] })
    const log = daybook.draft({ stream: 'run/r1', type: 'PROCESS_LOG', data: { message: 'x' } })
    await queueAppend(deployment.nats.url, [{ ...log, type: MARKER.toUpperCase() }])
    const letter = await waitFor(async () => (await daybook.deadLetters.page({})).items[0], {
      what: 'the dead letter',
    })
    await daybook.runs.get('r2', { minPosition: receipts.at(-1)?.position ?? 0 })
    const shared = {
      kind: 'run',
      effectId: 'ask-1',
      type: 'OrderPlaced',
      v: '1',
      name: 'runs',
      job: 'digest',
      run,
    }
    const more = { ...shared, sha256: blob.$blob }
    const ids = ['r1', 'r2', 'ask-1', letter.id, receipts[0]?.id ?? '', tokenId]
    return ids.map((id) => ({ ...more, id }))
  }
})

/** Seals what is there every second. */
function startSealer({ databaseUrl }: Deployment, folder: string) {
  return startProcess({
    command: process.execPath,
    args: [join(import.meta.dirname, '..', 'services', 'journal', 'dist', 'main.js'), 'seal'],
    env: {
      DATABASE_URL: databaseUrl,
      SEAL_FOLDER: folder,
      SEAL_INTERVAL_MS: '1000',
      HTTP_PORT: '0',
    },
    readyWhen: /the sealer is at work/,
  })
}
