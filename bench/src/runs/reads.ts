import { openPool } from '../append/pool.ts'
import { closedLoop, quantile, type Stretch } from '../measure.ts'
import { LONG_RUN } from './fill.ts'
import { readText } from './http.ts'

/** A way to read the long run, one request at a time. */
export interface ReadFigures {
  name: string
  requests: number
  p50Ms: number
  p95Ms: number
  p99Ms: number
}

interface Read {
  name: string
  /** Where the next request goes. */
  path: () => string
  /** Whether the answer is what was asked for: a fast empty page is no page. */
  isWhole: (answer: Answer) => boolean
}

interface Answer {
  events?: unknown[]
  effects?: unknown
  seq?: number
  run?: object | null
  patch?: unknown[]
}

const PAGE = 100

/** Pages of the tape, and states at any depth. */
export function readsOf(events: number): Read[] {
  const seqs = (): number => 1 + Math.floor(Math.random() * (events - 1))
  const tape = `/v1/streams/run/${LONG_RUN}/events?limit=${PAGE}`
  const isPage = ({ events: page }: Answer): boolean => page?.length === PAGE
  return [
    { name: 'first page of the tape', path: () => tape, isWhole: isPage },
    { name: 'page anywhere', path: () => `${tape}&after=${Math.max(0, seqs() - PAGE - 1)}`, isWhole: isPage },
    { name: 'last page, newest first', path: () => `${tape}&reverse=true`, isWhole: isPage },
    {
      name: 'state at any seq',
      path: () => `/v1/runs/${LONG_RUN}/state?at=${seqs()}`,
      isWhole: ({ run }) => run !== null && run !== undefined,
    },
    {
      name: 'difference between any two',
      path: () => `/v1/runs/${LONG_RUN}/diff?from=${seqs()}&to=${seqs()}`,
      isWhole: ({ patch }) => (patch?.length ?? 0) > 0,
    },
  ]
}

export async function measureRead(gatewayUrl: string, read: Read, stretch: Stretch): Promise<ReadFigures> {
  const request = async (): Promise<void> => {
    const path = read.path()
    const answer: Answer = JSON.parse(await readText(gatewayUrl + path))
    if (!read.isWhole(answer)) throw new TypeError(`${path} was not answered with what it asks for`)
  }
  const { latenciesMs } = await closedLoop([request], stretch)
  return {
    name: read.name,
    requests: latenciesMs.length,
    p50Ms: quantile(latenciesMs, 0.5),
    p95Ms: quantile(latenciesMs, 0.95),
    p99Ms: quantile(latenciesMs, 0.99),
  }
}

/** The first state at the end of the run after the cache was lost: it is made of the journal again. */
export async function measureColdState(
  { gatewayUrl, databaseUrl }: { gatewayUrl: string; databaseUrl: string },
  seq: number,
): Promise<number> {
  await using database = await openPool(databaseUrl, 1)
  await database.pool.query('truncate projection.state_segments')
  const startedAt = performance.now()
  await readText(`${gatewayUrl}/v1/runs/${LONG_RUN}/state?at=${seq}`)
  return performance.now() - startedAt
}
