import type { Daybook } from '@daybook/client'
import { describeWithServer, runSql, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { daybook as runDaybook } from './command.ts'
import { type Deployment, deploy } from './deployment.ts'
import { runHistory } from './run-history.ts'

const EFFECTS = 5
const EVENTS = 2 * EFFECTS + 2

async function appendRun(daybook: Daybook, runId: string): Promise<number> {
  const { receipts } = await daybook.append(runHistory(daybook, runId, EFFECTS))
  return receipts.at(-1)?.position ?? 0
}

describeWithServer('an event that the projection cannot apply', () => {
  let deployment: Deployment
  let daybook: Daybook

  beforeAll(async () => {
    deployment = await deploy()
    daybook = await deployment.connect()
  })
  afterAll(async () => {
    await daybook[Symbol.asyncDispose]()
    await deployment[Symbol.asyncDispose]()
  })

  const refuse = "check (effect_id <> 'cursed-2')"
  const change = (action: string) =>
    runSql(deployment.databaseUrl, `alter table projection_runs_g1.effects ${action}`)

  // Without parking (`Committer`, 2) the projection stops at the event: the reads of the other runs below time out with
  // `position-not-reached`. Tried by letting `#park` throw.
  it('costs its own run only, is a dead letter, and is applied with all after it when it is requeued', async () => {
    await change(`add constraint refused ${refuse}`)
    await appendRun(daybook, 'before')
    await appendRun(daybook, 'cursed')
    const minPosition = await appendRun(daybook, 'after')
    expect(await daybook.runs.get('after', { minPosition })).toMatchObject({ status: 'completed' })
    const cursed = await daybook.runs.get('cursed', { minPosition })
    expect(cursed).toMatchObject({ lastSeq: 5, parked: { seq: 6 } })
    const command = (...args: string[]) =>
      runDaybook([...args, '--url', deployment.gatewayUrl], { env: { DAYBOOK_TOKEN: deployment.token } })
    const list = await command('run:list')
    expect(list.stdout).toMatch(/cursed +running \(parked\)/)
    expect(list.stderr).toMatch(/^1 of all runs are left out from an event on/)
    expect((await command('run:status', 'cursed')).stdout).toMatch(/parked +from event 6 on it is left out/)
    const { items } = await daybook.deadLetters.page({ status: 'open', source: 'projection-runs' })
    expect(items).toMatchObject([{ stream: 'run/cursed', seq: 6, code: 'event-not-applied' }])
    const id = items[0]?.id ?? ''
    expect(JSON.parse((await daybook.deadLetters.get(id)).body)).toMatchObject({
      stream: 'run/cursed',
      type: 'EFFECT_REQUESTED',
      data: { effectId: 'cursed-2' },
    })

    await daybook.deadLetters.requeue(id, { reason: 'it may be another time' })
    await waitFor(async () => (await daybook.deadLetters.get(id)).status === 'open', {
      what: 'the second refusal',
    })

    await change('drop constraint refused')
    await daybook.deadLetters.requeue(id, { reason: 'the cause is gone' })
    await waitFor(async () => (await daybook.runs.get('cursed')).parked === undefined, {
      what: 'the whole run',
    })
    expect(await daybook.runs.get('cursed')).toMatchObject({ status: 'completed', lastSeq: EVENTS })
    const { status, resolvedAt, decisions } = await daybook.deadLetters.get(id)
    expect([status, typeof resolvedAt]).toEqual(['requeued', 'string'])
    expect(decisions.map(({ action, actor }) => `${action} by ${actor.id}`)).toEqual([
      'requeued by admin',
      'reopened by projection-runs',
      'requeued by admin',
      'resolved by projection-runs',
    ])
  })
})
