import { setTimeout as pause } from 'node:timers/promises'
import { connectBus } from '@daybook/bus'
import type { SupervisedProcess } from '@daybook/testing'
import type { TurnedClock } from './turned-clock.ts'

const HOUR_MS = 60 * 60 * 1_000

/** So much faster than time the clock of the story goes: an hour takes two and a half seconds. */
const SPEED = 1_500
/** While it shows times that were decided before, little happens. */
const SPEED_AGAIN = 6 * SPEED
const TURN_EVERY_MS = 100

/** Has the clock go on by so much; at a random moment of that it steps back an hour. */
export async function passTime(clock: TurnedClock, spanMs: number): Promise<void> {
  // Soon enough that it happens on a busy machine too, where the last turn is a large one.
  const backAtMs = Math.random() * 0.8 * spanMs
  let wasBack = false
  let [leftMs, behindMs, turnedAtMs] = [spanMs, 0, performance.now()]
  while (leftMs > 0) {
    await pause(TURN_EVERY_MS)
    // On a busy machine it is turned less often, and each time by more.
    const sinceMs = performance.now() - turnedAtMs
    turnedAtMs += sinceMs
    if (!wasBack && spanMs - leftMs >= backAtMs) {
      await clock.turn(-HOUR_MS)
      behindMs = HOUR_MS
      wasBack = true
    }
    const turnMs = Math.round(sinceMs * (behindMs > 0 ? SPEED_AGAIN : SPEED))
    await clock.turn(turnMs)
    if (behindMs > 0) behindMs -= turnMs
    else leftMs -= turnMs
  }
}

/** A service picks what it is about to decide for two seconds; while it is stopped for longer, another one takes it over. */
const STOP_MS = { min: 2_100, max: 3_000 }
const REST_MS = { min: 200, max: 1_000 }

const between = ({ min, max }: { min: number; max: number }): number => min + Math.random() * (max - min)

/**
 * One thing after the other happens to the services, in random order, round after round until the story is over: each of them
 * is killed, and the journal; and in between each is stopped for longer than what it has picked lasts.
 */
export async function wreak(
  { services, journal }: { services: readonly SupervisedProcess[]; journal: SupervisedProcess },
  story: { isOver: boolean },
): Promise<{ kills: number; stops: number }> {
  const done = { kills: 0, stops: 0 }
  const kill = async (service: SupervisedProcess) => {
    await service.kill()
    await service.restart()
    done.kills += 1
  }
  const stop = async (service: SupervisedProcess) => {
    service.pause()
    await pause(between(STOP_MS))
    service.resume()
    done.stops += 1
  }
  while (!story.isOver) {
    const kills = shuffled([journal, ...services]).map((one) => () => kill(one))
    const stops = shuffled(services).map((one) => () => stop(one))
    const round = kills.flatMap((happen, index) => [happen, ...stops.slice(index, index + 1)])
    for (const happen of round) {
      if (story.isOver) break
      await happen()
      await pause(between(REST_MS))
    }
  }
  return done
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** Hears what jobs publish: the ids of all messages, as often as they come. */
export async function hearPublished(natsUrl: string): Promise<AsyncDisposable & { readonly ids: string[] }> {
  await using stack = new AsyncDisposableStack()
  const bus = stack.use(await connectBus({ servers: natsUrl, name: 'e2e', wait: true }))
  const ids: string[] = []
  stack.use(bus.listen('daybook.app.main.>', ({ headers }) => void ids.push(headers['Nats-Msg-Id'] ?? '')))
  const opened = stack.move()
  return { ids, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
