import { join } from 'node:path'
import { connectBus } from '@daybook/bus'
import { type JournalEvent, jobOfStream, streamOfJob } from '@daybook/events'
import { describeWithServer, runSql, startProcess, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectSound } from '../services/journal/test/sound.ts'
import { decisionFaults, firstWords, textOf } from './cron-decisions.ts'
import { notOnce, startsIn } from './cron-effects.ts'
import { type StoryJob, storyJobs, TICKED } from './cron-jobs.ts'
import { race } from './cron-race.ts'
import { slotsBetween } from './cron-slots.ts'
import { hearPublished, passTime, wreak } from './cron-story.ts'
import { type CronWorld, openCronWorld } from './cron-world.ts'
import { deleteConsumer } from './event-stream.ts'
import { readAll } from './exact.ts'
import { isLong } from './long.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/** Before the clock goes forward, and after that. */
const SPAN_MS = isLong ? 15 * HOUR_MS : 2.5 * HOUR_MS
const FORWARD_MS = 10 * DAY_MS

const CONSUMER = { stream: 'DAYBOOK_EVENTS', durable: 'cron-jobs' }

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

describeWithServer('three cron services', () => {
  let world: CronWorld
  beforeAll(async () => {
    world = await openCronWorld(stack)
  }, 120_000)

  // Without keys and expectations times are decided twice (see the last test). Without a look at what was started and did not
  // go out, or at the runs that jobs have started, a kill leaves runs that never end.
  it('decide each time of each job once, whatever is killed, stopped and turned', async () => {
    const { deployment, clock, daybook, services, gateways, ask } = world
    await using published = await hearPublished(deployment.nats.url)
    await using worker = await startProcess({
      command: process.execPath,
      args: [join(import.meta.dirname, 'cron-worker.ts')],
      env: { DAYBOOK_TOKEN: deployment.token, GATEWAY_URLS: gateways.join(',') },
      readyWhen: /working/,
    })
    const endAt = new Date(Date.parse(await clock.now()) + 2 * SPAN_MS + FORWARD_MS).toISOString()
    const jobs = storyJobs({ endAt, isWhole: isLong })
    await Promise.all(jobs.map(({ name, definition }) => ask('POST', 'jobs', { name, ...definition })))

    const story = { isOver: false }
    const processes = services.map((service) => service.process)
    const [{ kills, stops }] = await Promise.all([
      wreak({ services: processes, journal: deployment.journal }, story),
      passAllTime(clock).finally(() => (story.isOver = true)),
    ])
    await untilOver(world, ({ state }) => state !== 'held')
    await decideHeld(world, jobs)
    await untilOver(world, () => true)
    expect(worker.output).toBe('working\n')

    const events = await readAll(daybook)
    expect(Math.min(kills, stops)).toBeGreaterThan(0)
    expectSound(events)
    expectDecided(jobs, events, endAt)
    expectEffects(events, published.ids)
  }, 600_000)

  // Without comparing what is delivered with what was applied, counts and histories would double.
  it('have a read model that is the fold of the journal, and is the same when all is delivered again', async () => {
    const { deployment, daybook, ask } = world
    await expectFolded(daybook)
    const before = await contents(deployment.databaseUrl)
    await deleteConsumer(deployment.nats.url, CONSUMER.durable)
    await using bus = await connectBus({ servers: deployment.nats.url, name: 'e2e', wait: true })
    await bus.ensureTopology()
    await waitFor(async () => (await bus.consumerState(CONSUMER))?.pending === 0, {
      timeoutMs: 60_000,
      what: 'the events to be delivered again',
    })
    // What comes last is applied last: when it is there, all that was delivered again has been looked at.
    const { run } = await ask('POST', 'jobs/append-forbid-skip/run-now', { requestId: 'at-last' })
    await waitFor(async () => (await contents(deployment.databaseUrl)).length === before.length + 1, {
      timeoutMs: 30_000,
      what: 'the last run',
    })
    const isOther = (row: string) => !row.includes('append-forbid-skip')
    expect(run).toMatchObject({ cause: 'now' })
    expect((await contents(deployment.databaseUrl)).filter(isOther)).toEqual(before.filter(isOther))
    await expectFolded(daybook)
  }, 120_000)

  // Each of the two keeps times from being decided twice, whatever becomes of the other one.
  it.each(['keys', 'expectations'] as const)(
    'decide each time once though their requests have no %s',
    async (left) => {
      expect(await race(world, left)).toEqual({ decisions: [], ticks: [] })
    },
    120_000,
  )

  // So the ones above tell: it is the same race.
  it('would decide times twice with neither keys nor expectations, which does not go unnoticed', async () => {
    const { decisions, ticks } = await race(world, 'both')
    expect(decisions).toContainEqual(expect.stringContaining('CRON_RUN_STARTED comes after it was'))
    expect(ticks).toContainEqual(expect.stringMatching(/is there ([2-9]|\d\d+) times instead of 1/))
  }, 120_000)
})

async function passAllTime(clock: CronWorld['clock']): Promise<void> {
  await passTime(clock, SPAN_MS)
  await clock.turn(FORWARD_MS)
  await passTime(clock, SPAN_MS)
}

/** Until no time is left, and no run but those that may stay open. */
async function untilOver(
  { clock, jobs }: CronWorld,
  hasToEnd: (run: { state: string }) => boolean,
): Promise<void> {
  const isOver = async () => {
    // Leases, pauses and time-outs of hours are to end now.
    await clock.turn(3 * HOUR_MS)
    const left = (await jobs()).filter(({ nextAt, open }) => nextAt !== null || open.some(hasToEnd))
    if (left.length > 0)
      throw new Error(`${left.length} jobs are not over: ${JSON.stringify(left.slice(0, 3))}`)
    return true
  }
  await waitFor(isOver, { timeoutMs: 120_000, everyMs: 300, what: 'the last run to end' })
}

/** A person decides about what was missed: every other time is made up for. */
async function decideHeld({ ask, runs }: CronWorld, jobs: readonly StoryJob[]): Promise<void> {
  const decide = async ({ name }: StoryJob) => {
    for (const [index, { run }] of (await runs(name, 'held')).entries())
      await ask('POST', `jobs/${name}/runs/${run}/${index % 2 === 0 ? 'approve' : 'dismiss'}`, {})
  }
  await Promise.all(jobs.filter(({ misfire }) => misfire === 'review').map(decide))
}

/** Every time of every job has one decision, and every kind of decision is among them. */
function expectDecided(jobs: readonly StoryJob[], events: readonly JournalEvent[], endAt: string): void {
  const decided = new Map<string, number>()
  const byStream = Map.groupBy(events, ({ stream }) => stream)
  for (const { name, schedule } of jobs) {
    const own = byStream.get(streamOfJob(name)) ?? []
    const slots = slotsBetween(schedule, textOf(own[0]?.data['at']), endAt)
    expect({ name, faults: decisionFaults(slots, own).slice(0, 10) }).toEqual({ name, faults: [] })
    for (const [word, times] of Object.entries(firstWords(own)))
      decided.set(word, (decided.get(word) ?? 0) + times)
  }
  expect([...decided.keys()].toSorted()).toEqual([
    'CRON_RUN_HELD',
    'CRON_RUN_QUEUED',
    'CRON_RUN_SKIPPED',
    'CRON_RUN_STARTED',
    'CRON_SLOTS_MISSED',
  ])
  expect(decided.values().reduce((sum, times) => sum + times, 0)).toBeGreaterThan(10_000)
}

/** Each attempt that started has one start of its action, and nothing else has. */
function expectEffects(events: readonly JournalEvent[], published: readonly string[]): void {
  const starts = Map.groupBy(startsIn(events), ({ job }) => job.split('-')[0] ?? '')
  const of = (action: string) => starts.get(action) ?? []
  const ticks = events.filter(({ type }) => type === TICKED.type)
  const ticked = ticks.map(({ data }) => `${textOf(data['job'])} ${textOf(data['slot'])}`)
  expect(
    notOnce(
      of('append').map(({ job, slot }) => `${job} ${slot}`),
      ticked,
    ),
  ).toEqual([])
  const created = events.filter(({ type }) => type === 'RUN_CREATED').map(({ stream }) => stream)
  expect(
    notOnce(
      of('run').map(({ target }) => target),
      created,
    ),
  ).toEqual([])
  expectPublished(of('publish'), events, published)
  const finished = events.filter(
    ({ type, data }) => type === 'CRON_RUN_FINISHED' && data['result'] !== undefined,
  )
  for (const { data } of finished) expect(data['result']).toEqual({ run: data['run'] })
}

/**
 * At least once: who was killed before it could say so publishes it again, under the same id. What came to an end before it was
 * published, since a later run replaced it or its time was up, never is.
 */
function expectPublished(
  starts: ReturnType<typeof startsIn>,
  events: readonly JournalEvent[],
  published: readonly string[],
): void {
  const ended = events.filter(
    ({ type, data }) => type === 'CRON_RUN_TIMED_OUT' || data['status'] === 'cancelled',
  )
  const givenUp = new Set(ended.map(({ stream, data }) => `${jobOfStream(stream)}:${textOf(data['run'])}`))
  const idOf = ({ job, run, attempt }: (typeof starts)[number]) => `${job}:${run}:${attempt}`
  const due = starts.filter(({ job, run }) => !givenUp.has(`${job}:${run}`)).map(idOf)
  const heard = new Set(published)
  expect(due.filter((id) => !heard.has(id))).toEqual([])
  const known = new Set(starts.map(idOf))
  expect([...heard].filter((id) => !known.has(id))).toEqual([])
}

async function expectFolded(daybook: CronWorld['daybook']): Promise<void> {
  for await (const { ok, difference } of daybook.projections.verify('cron'))
    expect({ ok, difference }).toEqual({ ok: true, difference: null })
}

/** All rows of the read model. */
async function contents(databaseUrl: string): Promise<string[]> {
  const rows = await runSql(
    databaseUrl,
    `select to_jsonb(entry)::text as row from cron.jobs entry
     union all select to_jsonb(entry)::text from cron.runs entry order by 1`,
  )
  return rows.map(({ row }) => String(row))
}
