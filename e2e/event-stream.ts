import { type Bus, connectBus } from '@daybook/bus'

/** What JetStream answers to the question for one message; `hdrs` is base64. */
interface MessageAnswer {
  message?: { hdrs?: string }
}

interface StreamAnswer {
  state: { first_seq: number; last_seq: number }
}

const TIMEOUT_MS = 5_000
/** Questions under way at once. */
const QUESTIONS = 50

async function ask<T>(bus: Bus, subject: string, body: unknown): Promise<T> {
  const reply = await bus.request(`$JS.API.STREAM.${subject}.DAYBOOK_EVENTS`, JSON.stringify(body), {
    timeoutMs: TIMEOUT_MS,
  })
  return JSON.parse(reply.text())
}

function positionOf({ message }: MessageAnswer): number[] {
  const headers = Buffer.from(message?.hdrs ?? '', 'base64').toString()
  const position = /Daybook-Position: (\d+)/.exec(headers)?.[1]
  return position === undefined ? [] : [Number(position)]
}

/** The positions of all messages that DAYBOOK_EVENTS keeps, in their order; what was deleted is left out. */
export async function readEventStream(url: string): Promise<number[]> {
  await using bus = await connectBus({ servers: url, name: 'e2e', wait: true })
  const { state } = await ask<StreamAnswer>(bus, 'INFO', {})
  const positions: number[] = []
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += QUESTIONS) {
    const seqs = Array.from({ length: Math.min(QUESTIONS, state.last_seq - seq + 1) }, (_, i) => seq + i)
    const answers = await Promise.all(seqs.map((each) => ask<MessageAnswer>(bus, 'MSG.GET', { seq: each })))
    positions.push(...answers.flatMap(positionOf))
  }
  return positions
}

/** Deletes DAYBOOK_EVENTS in a server that runs. */
export async function deleteEventStream(url: string): Promise<void> {
  await using bus = await connectBus({ servers: url, name: 'e2e', wait: true })
  await ask(bus, 'DELETE', {})
}

/** Takes all messages of DAYBOOK_EVENTS away but the first so many. */
export async function cutEventStream(url: string, keep: number): Promise<void> {
  await using bus = await connectBus({ servers: url, name: 'e2e', wait: true })
  const { state } = await ask<StreamAnswer>(bus, 'INFO', {})
  for (let seq = state.last_seq; seq > keep; seq -= 1) await ask(bus, 'MSG.DELETE', { seq })
}

/** Deletes a consumer of DAYBOOK_EVENTS: the next one of that name begins with the first event again. */
export async function deleteConsumer(url: string, consumer: string): Promise<void> {
  await using bus = await connectBus({ servers: url, name: 'e2e', wait: true })
  await bus.request(`$JS.API.CONSUMER.DELETE.DAYBOOK_EVENTS.${consumer}`, '', { timeoutMs: TIMEOUT_MS })
}

/** Has the server keep the messages of a consumer to itself. Answers how to let it deliver them. */
export async function holdDeliveries(url: string, consumer: string): Promise<() => Promise<void>> {
  const pauseUntil = async (instant: string) => {
    await using bus = await connectBus({ servers: url, name: 'e2e', wait: true })
    const subject = `$JS.API.CONSUMER.PAUSE.DAYBOOK_EVENTS.${consumer}`
    await bus.request(subject, JSON.stringify({ pause_until: instant }), { timeoutMs: TIMEOUT_MS })
  }
  await pauseUntil('2100-01-01T00:00:00Z')
  return () => pauseUntil('2000-01-01T00:00:00Z')
}
