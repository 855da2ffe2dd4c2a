import type { Draft, Expectation } from '@daybook/events'
import fc from 'fast-check'
import { expect } from 'vitest'
import { send } from '../http.ts'
import { log, nextId } from '../service-fixture.ts'
import type { Model, ModelAnswer, ModelRequest } from './model.ts'
import type { World } from './world.ts'

type Command = fc.AsyncCommand<Model, World>

/** Few, so that requests meet. */
const streams = ['run/a', 'run/b', 'run/c', 'run/d']
const streamArb = fc.constantFrom(...streams)
const instanceArb = fc.nat({ max: 1 })

/** An event: with a natural key its content is one of two, so that it may be a repetition or a clash. */
const draftArb = fc.record({
  stream: streamArb,
  key: fc.option(fc.constantFrom('k1', 'k2'), { nil: undefined, freq: 4 }),
  variant: fc.nat({ max: 1 }),
})
const expectationArb = fc.record({
  stream: streamArb,
  /** `right` and `stale` are meant as of the moment of the request. */
  kind: fc.constantFrom('right', 'right', 'right', 'stale', 'absent', 'exists'),
})
const requestArb = fc.record({
  instance: instanceArb,
  drafts: fc.array(draftArb, { minLength: 1, maxLength: 5 }),
  expectations: fc.array(expectationArb, { maxLength: 3 }),
})
type RequestPlan = typeof requestArb extends fc.Arbitrary<infer Plan> ? Plan : never

function draftsOf(plan: RequestPlan): Draft[] {
  const drafts = plan.drafts.map(({ stream, key, variant }) =>
    key === undefined ? log(stream, nextId()) : log(stream, `${key} ${variant}`, { key }),
  )
  // Two different events of one request under one key are refused before the journal looks at them.
  const keyed = new Map(drafts.map((draft) => [`${draft.stream} ${draft.key ?? draft.id}`, draft]))
  return [...keyed.values()]
}

function expectationOf(model: Model, { stream, kind }: { stream: string; kind: string }): Expectation {
  if (kind === 'absent' || kind === 'exists') return kind
  return kind === 'right' ? model.lengthOf(stream) : model.lengthOf(stream) + 1
}

function requestOf(model: Model, plan: RequestPlan): ModelRequest {
  const expect = plan.expectations.map((each) => [each.stream, expectationOf(model, each)] as const)
  return { events: draftsOf(plan), expect: Object.fromEntries(expect) }
}

/** The journal answered as the model does: the same refusal, or the same receipts. */
function expectAnswer({ body }: { body: any }, answer: ModelAnswer): void {
  if ('code' in answer) expect(body.code).toBe(answer.code)
  else
    expect(body.receipts).toMatchObject(
      answer.receipts.map(({ event: { id, stream, seq, position }, duplicate }) => ({
        id,
        stream,
        seq,
        position,
        duplicate,
      })),
    )
}

/** A command with a name for the report of a failure. */
function command(name: string, run: Command['run'], check: Command['check'] = () => true): Command {
  return { check, run, toString: () => name }
}

const append = requestArb.map((plan) =>
  command(`append ${JSON.stringify(plan)}`, async (model, world) => {
    const request = requestOf(model, plan)
    const answer = await world.instance(plan.instance).post(request)
    expectAnswer(answer, model.append(request))
  }),
)

const hasAccepted = (model: Readonly<Model>) => model.accepted.length > 0

function nthOf<T>(items: readonly T[], n: number): T {
  const item = items[n % items.length]
  if (item === undefined) throw new RangeError('there are none')
  return item
}

/** The same words again, perhaps to the other instance, perhaps with something new among them. */
const repeat = fc.tuple(instanceArb, fc.nat(), fc.boolean()).map(([instance, nth, withNew]) =>
  command(
    `repeat ${nth} at ${instance}${withNew ? ' with another event' : ''}`,
    async (model, world) => {
      const { events, expect: wanted } = nthOf(model.accepted, nth)
      const request = { events: withNew ? [...events, log('run/a', nextId())] : events, expect: wanted }
      const answer = await world.instance(instance).post(request)
      expectAnswer(answer, model.append(request))
    },
    hasAccepted,
  ),
)

const reuseId = fc.tuple(instanceArb, fc.nat()).map(([instance, nth]) =>
  command(
    `reuse an id of ${nth} at ${instance}`,
    async (model, world) => {
      const [event] = nthOf(model.accepted, nth).events
      if (event === undefined) throw new RangeError('a request has events')
      const request = { events: [log('run/a', nextId(), { id: event.id })], expect: {} }
      const answer = await world.instance(instance).post(request)
      expectAnswer(answer, model.append(request))
    },
    hasAccepted,
  ),
)

/** Writers that expect the same of one stream, at both instances at once. */
const race = streamArb.map((stream) =>
  command(`race for ${stream}`, async (model, world) => {
    const requests = Array.from({ length: 6 }, () => ({
      events: [log(stream, nextId())],
      expect: { [stream]: model.lengthOf(stream) },
    }))
    const answers = await Promise.all(requests.map((each, index) => world.instance(index % 2).post(each)))
    const winner = answers.findIndex(({ status }) => status === 201)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(requests.length - 1)
    expect(winner).not.toBe(-1)
    // The model sees the winner first, and then refuses the others as the journal did.
    const order = [winner, ...requests.keys().filter((index) => index !== winner)]
    for (const index of order) expectAnswer(nthOf(answers, index), model.append(nthOf(requests, index)))
  }),
)

const read = fc.constant(
  command('read', async (model, world) => {
    await world.expectJournal(model)
    await world.expectDiary(model)
  }),
)

/** All connections break and an instance ends while it appends; the producer then asks again, as producers do. */
const crash = requestArb.map((plan) =>
  command(`crash during append ${JSON.stringify(plan)}`, async (model, world) => {
    const request = { ...requestOf(model, plan), expect: {} }
    const answer = model.append(request)
    const lost = world.instance(plan.instance).post(request)
    // The instance may end before it answers: then nobody hears anything.
    lost.catch(() => {})
    await world.crash(plan.instance)
    const { status, body } = await world.instance(plan.instance).post(request)
    if ('code' in answer) return expect(body.code).toBe(answer.code)
    expect(status).toBeLessThan(300)
    expect(body.receipts.map(({ position }: { position: number }) => position)).toEqual(
      answer.receipts.map(({ event }) => event.position),
    )
  }),
)

/** The queue delivers the same message more than once. */
const redeliver = fc.tuple(requestArb, fc.integer({ min: 1, max: 3 })).map(([plan, times]) =>
  command(`queue ${times} times ${JSON.stringify(plan)}`, async (model, world) => {
    const request = requestOf(model, plan)
    for (let delivery = 0; delivery < times; delivery += 1) {
      await world.queue(request)
      model.append(request)
    }
  }),
)

const rebuild = fc.constant(
  command('rebuild', async (model, world) => {
    await world.beginEra()
    await world.expectDiary(model)
  }),
)

const erase = fc.tuple(instanceArb, streamArb).map(([instance, stream]) =>
  command(
    `erase ${stream} at ${instance}`,
    async (model, world) => {
      const open = model.erasable(stream)
      const reason = 'the model says so'
      const { body } = await send(world.instance(instance), 'POST', '/v1/erasures', { stream, reason })
      expect(body.events).toBe(open.length)
      if (open.length === 0) return expect(body.erasureId).toBeNull()
      for (const event of open) event.erasureId = body.erasureId
      // What the journal itself writes down about it is taken over, once it is seen to tell of this erasure.
      for (const event of await world.readAfter(model.head)) {
        expect(event.type).toMatch(/_ERASED$/)
        expect(JSON.stringify(event)).toContain(body.erasureId)
        model.add(event, true)
      }
      return world.expectJournal(model)
    },
    (model) => model.lengthOf(stream) > 0,
  ),
)

/** Appends come more often than the rest. */
export const commands = [
  append,
  append,
  append,
  repeat,
  reuseId,
  race,
  read,
  crash,
  redeliver,
  rebuild,
  erase,
]
