import { readLines, verifyApprovalExport } from '@daybook/events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApprovalsFixture, asked, created, openApprovals } from './approvals-fixture.ts'

const PATH = '/v1/approvals/export'
let fixture: ApprovalsFixture

beforeAll(async () => {
  fixture = await openApprovals()
  await fixture.append(created('r1'), created('r2'), asked('r1', 'a'), asked('r2', 'b'), asked('r1', 'c'))
  await fixture.decide('a', { decision: 'approve', reason: 'tested', scope: 'once' }, { person: 'eve' })
  const { headers } = await fixture.decide('c', { decision: 'deny', reason: 'too early' })
  await fixture.ask(`/v1/approvals?minPosition=${headers.get('daybook-position')}`)
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function linesOf(query = ''): Promise<string[]> {
  const { status, text } = await fixture.ask(`${PATH}${query}`)
  expect(status).toBe(200)
  return text.trimEnd().split('\n')
}

async function idsOf(query: string): Promise<string[]> {
  const lines = await linesOf(query)
  return lines.slice(0, -1).map((line) => JSON.parse(line).record.effectId)
}

describe('GET /v1/approvals/export', () => {
  it('gives what the list gives, chained, with a trailer that verifies', async () => {
    const lines = await linesOf()
    expect(await verifyApprovalExport(lines)).toMatchObject({
      records: 3,
      trailer: { count: 3, filters: {}, cutOff: false },
    })
    const { approvals } = (await fixture.ask('/v1/approvals')).body
    expect(lines.slice(0, -1).map((line) => JSON.parse(line).record)).toEqual(approvals)
    expect((await verifyApprovalExport(lines)).fault).toBeUndefined()
  })

  it('is JSON Lines', async () => {
    const { headers, text } = await fixture.ask(PATH)
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(text.endsWith('}\n')).toBe(true)
  })

  it('takes the filters of the list, and keeps them', async () => {
    expect(await idsOf('?status=decided')).toEqual(['a', 'c'])
    expect(await idsOf('?decision=deny')).toEqual(['c'])
    expect(await idsOf('?runId=r2')).toEqual(['b'])
    const { trailer } = await verifyApprovalExport(await linesOf('?status=pending&since=2020-01-01'))
    expect(trailer).toMatchObject({
      count: 1,
      filters: { status: 'pending', since: '2020-01-01T00:00:00.000Z' },
    })
  })

  it('says when it was cut off', async () => {
    expect((await verifyApprovalExport(await linesOf('?limit=2'))).trailer).toMatchObject({
      count: 2,
      cutOff: true,
    })
    expect((await verifyApprovalExport(await linesOf('?limit=3'))).trailer).toMatchObject({
      count: 3,
      cutOff: false,
    })
  })

  it('shows one tenant its own approvals only', async () => {
    const { text } = await fixture.ask(PATH, { tenant: 'other' })
    expect((await verifyApprovalExport(text.trimEnd().split('\n'))).records).toBe(0)
  })

  it.each(['?limit=0', '?limit=1000001', '?status=open', '?cursor=x'])('refuses %s', async (query) => {
    expect(await fixture.ask(`${PATH}${query}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    })
  })
})

describe('a long export', () => {
  const COUNT = 1_201
  let long: ApprovalsFixture

  beforeAll(async () => {
    long = await openApprovals()
    const context = 'x'.repeat(2_000)
    for (let from = 0; from < COUNT; from += 400) {
      const effects = Array.from({ length: Math.min(400, COUNT - from) }, (_, n) =>
        asked(`run-${from}`, `e${from + n}`, { inputs: { question: context } }),
      )
      await long.append(created(`run-${from}`), ...effects)
    }
  })
  afterAll(() => long[Symbol.asyncDispose]())

  it('goes on from page to page without skipping or repeating', async () => {
    const { body } = await long.fetch(PATH)
    if (body === null) throw new Error('there is no body')
    const ids = new Set<string>()
    const lines: string[] = []
    for await (const line of readLines(body)) {
      lines.push(line)
      if (!line.includes('"trailer"')) ids.add(JSON.parse(line).record.effectId)
    }
    expect(ids.size).toBe(COUNT)
    expect(await verifyApprovalExport(lines)).toMatchObject({ records: COUNT, trailer: { count: COUNT } })
  })
})
