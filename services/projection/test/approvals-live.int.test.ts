import { connectBus } from '@daybook/bus'
import type { Approval } from '@daybook/events'
import { startNats, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApprovalsFixture,
  answered,
  asked,
  completed,
  created,
  effectCancelled,
  openApprovals,
} from './approvals-fixture.ts'

const approve = { decision: 'approve', reason: 'tested' }

interface Frame {
  id: number
  event: string
  approval: Approval
}

/** A client that waits, and keeps what it has been told. */
class Waiting implements AsyncDisposable {
  readonly frames: Frame[] = []
  isEnded = false
  readonly #stop = new AbortController()
  #reading: Promise<void> = Promise.resolve()

  static async at(fixture: ApprovalsFixture, path: string, headers: Record<string, string> = {}, at = 0) {
    const waiting = new Waiting()
    const response = await fixture.fetch(path, {
      at,
      headers: { accept: 'text/event-stream', ...headers },
      signal: waiting.#stop.signal,
    })
    expect(response.status).toBe(200)
    waiting.#reading = waiting.#read(response)
    return waiting
  }

  async #read({ body }: Response): Promise<void> {
    let rest = ''
    try {
      for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + chunk).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
      this.isEnded = true
    } catch {
      // Stopped.
    }
  }

  #take(block: string): void {
    const [, id, event = '', data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? []
    if (data !== undefined) this.frames.push({ id: Number(id), event, approval: JSON.parse(data) })
  }

  async told(count: number): Promise<string[]> {
    await waitFor(() => this.frames.length >= count, { what: `${count} approvals` })
    return this.frames.map(({ event, approval }) => `${approval.effectId} ${event}`)
  }

  async ended(): Promise<void> {
    await waitFor(() => this.isEnded, { what: 'the end of the stream' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#reading
  }
}

describe('a client that waits for one decision', () => {
  let fixture: ApprovalsFixture
  beforeAll(async () => {
    fixture = await openApprovals()
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  it('is told what is asked, then what was decided at another instance, and then the stream ends', async () => {
    await fixture.append(created('w1'), asked('w1', 'a'), asked('w1', 'b'))
    await using waiting = await Waiting.at(fixture, '/v1/approvals/a')
    await waiting.told(1)
    await fixture.decide('b', approve, { at: 1 })
    const { headers } = await fixture.decide(
      'a',
      { decision: 'deny', reason: 'no' },
      { at: 1, person: 'bob' },
    )
    expect(await waiting.told(2)).toEqual(['a pending', 'a decided'])
    await waiting.ended()
    expect(waiting.frames[1]?.id).toBeGreaterThanOrEqual(Number(headers.get('daybook-position')))
    expect(waiting.frames[1]).toMatchObject({
      approval: { decision: 'deny', reason: 'no', decidedBy: { kind: 'user', id: 'bob' } },
    })
  })

  it('is told at once when it was decided before', async () => {
    await fixture.append(created('w2'), asked('w2', 'c'))
    await fixture.decide('c', approve)
    const { headers } = await fixture.ask('/v1/runs/w2')
    await using waiting = await Waiting.at(
      fixture,
      `/v1/approvals/c?minPosition=${headers.get('daybook-position')}`,
    )
    await waiting.ended()
    expect(waiting.frames.at(-1)?.approval.decision).toBe('approve')
  })

  it.each([
    ['cancelled', () => effectCancelled('w-cancelled', 'w-cancelled-a')],
    ['ended', () => completed('w-ended')],
  ])('is told that nobody needs it any more when its run %s it', async (how, event) => {
    const effectId = `w-${how}-a`
    await fixture.append(created(`w-${how}`), asked(`w-${how}`, effectId))
    await using waiting = await Waiting.at(fixture, `/v1/approvals/${effectId}`)
    await waiting.told(1)
    await fixture.append(event())
    expect(await waiting.told(2)).toEqual([`${effectId} pending`, `${effectId} withdrawn`])
    await waiting.ended()
  })

  it('is told of a problem, and not of a stream, when there is nothing to wait for', async () => {
    const headers = { accept: 'text/event-stream' }
    expect(await fixture.ask('/v1/approvals/nothing', { headers })).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
  })
})

describe('a client that follows all approvals', () => {
  let fixture: ApprovalsFixture
  beforeAll(async () => {
    fixture = await openApprovals()
    await fixture.append(created('r1'), created('r2'))
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  it('is told what is asked, decided and withdrawn, in all runs, and of no other effects', async () => {
    await using waiting = await Waiting.at(fixture, '/v1/approvals')
    await fixture.append(asked('r1', 'a'))
    await waiting.told(1)
    await fixture.append(asked('r2', 'node', { kind: 'node' }), answered('r2', 'node', {}), asked('r2', 'b'))
    await waiting.told(2)
    await fixture.decide('a', approve, { at: 1 })
    await waiting.told(3)
    await fixture.append(completed('r2'))
    expect(await waiting.told(4)).toEqual(['a pending', 'b pending', 'a decided', 'b withdrawn'])
  })

  it('goes on after the last one that it saw, or after the position of a page', async () => {
    const { headers } = await fixture.ask('/v1/approvals?status=pending')
    const position = headers.get('daybook-position') ?? ''
    await fixture.append(created('r3'), asked('r3', 'c'))
    await fixture.append(asked('r3', 'd'))
    await using afterPage = await Waiting.at(fixture, `/v1/approvals?after=${position}`)
    expect(await afterPage.told(2)).toEqual(['c pending', 'd pending'])
    const seen = { 'last-event-id': String(afterPage.frames[0]?.id) }
    await using back = await Waiting.at(fixture, `/v1/approvals?after=${position}`, seen)
    expect(await back.told(1)).toEqual(['d pending'])
  })

  it('is told of one run, or of one status, only', async () => {
    await fixture.append(created('r4'), created('r5'))
    await using ofRun = await Waiting.at(fixture, '/v1/approvals?runId=r4')
    await using decided = await Waiting.at(fixture, '/v1/approvals?status=decided', {}, 1)
    await using foreign = await Waiting.at(fixture, '/v1/approvals')
    await fixture.append(asked('r5', 'e'), asked('r4', 'f'))
    await foreign.told(2)
    await fixture.decide('e', approve)
    await fixture.decide('f', approve)
    await foreign.told(4)
    const told = () => new Set(decided.frames.map(({ event, approval }) => `${approval.effectId} ${event}`))
    await waitFor(() => told().size === 2, { what: 'both decisions' })
    expect(told()).toEqual(new Set(['e decided', 'f decided']))
    expect((await ofRun.told(2)).every((told) => told.startsWith('f '))).toBe(true)
  })

  it('is told nothing of another tenant', async () => {
    const stop = new AbortController()
    const headers = { accept: 'text/event-stream' }
    const response = await fixture.fetch('/v1/approvals?after=0', {
      tenant: 'other',
      headers,
      signal: stop.signal,
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const first = await reader?.read()
    await using ours = await Waiting.at(fixture, '/v1/approvals?after=0')
    await ours.told(1)
    expect(first?.value).toBe(': open\n\n')
    const nothing = Promise.race([reader?.read(), ours.told(5).then(() => 'nothing')])
    expect(await nothing).toBe('nothing')
    stop.abort()
  })

  it.each(['junk', '999999999'])('is refused after %s', async (seen) => {
    const headers = { accept: 'text/event-stream', 'last-event-id': seen }
    expect((await fixture.ask('/v1/approvals', { headers })).status).toBeGreaterThanOrEqual(400)
  })
})

describe('a subscriber at NATS', () => {
  it('is told of a decision by the subject of its event', async () => {
    await using nats = await startNats()
    await using fixture = await openApprovals({ natsUrl: nats.url })
    await using bus = await connectBus({ servers: nats.url, name: 'agent', wait: true })
    const told: string[] = []
    await using _subscription = bus.listen('daybook.events.main.run.n1.EFFECT_RESOLVED', (message) => {
      told.push(message.text())
    })
    await fixture.append(created('n1'), asked('n1', 'a'))
    await fixture.decide('a', approve)
    await waitFor(() => told.length > 0, { what: 'the message' })
    expect(JSON.parse(told[0] ?? '')).toMatchObject({
      type: 'EFFECT_RESOLVED',
      actor: { kind: 'user', id: 'ann' },
      data: { effectId: 'a', result: { approved: true } },
    })
  })
})
