import type { JournalReader } from '@daybook/eventing'
import { type Actor, createUlids, HOLDS_STREAM, type JournalEvent } from '@daybook/events'
import type { Batcher } from '../batcher.ts'
import { appendOwn, decideAnew } from '../own-appends.ts'

/** A stream of which nothing may be erased. */
interface Hold {
  stream: string
  reason: string
  actor: Actor
  since: string
}

/** The holds of a tenant, and the seq of their stream that says so: who relies on them names it as an expectation. */
interface HoldsAt {
  seq: number
  byStream: ReadonlyMap<string, Hold>
}

/** Who says it, and why. */
export interface Statement {
  reason: string
  actor: Actor
}

export interface Holds {
  of(tenant: string): Promise<HoldsAt>
  /** Sets a hold; one that is set for the same reason stays as it is. */
  set(tenant: string, stream: string, statement: Statement): Promise<Hold>
  /** Releases a hold; undefined if there was none. */
  release(tenant: string, stream: string, statement: Statement): Promise<Hold | undefined>
}

const PAGE = 1_000

/** The holds after an event of their stream. Pure. */
function evolveHolds(holds: ReadonlyMap<string, Hold>, event: JournalEvent): Map<string, Hold> {
  const after = new Map(holds)
  const { stream, reason } = event.data
  if (typeof stream !== 'string' || typeof reason !== 'string') return after
  if (event.type === 'HOLD_RELEASED') after.delete(stream)
  if (event.type === 'HOLD_SET')
    after.set(stream, { stream, reason, actor: event.actor, since: event.recordedAt })
  return after
}

/** Holds are events, and nothing else is kept of them; what was read once is gone on from. */
export function createHolds(reader: JournalReader, batcher: Batcher): Holds {
  const known = new Map<string, HoldsAt>()
  const nextId = createUlids()

  const of = async (tenant: string): Promise<HoldsAt> => {
    for (;;) {
      const before = known.get(tenant) ?? { seq: 0, byStream: new Map<string, Hold>() }
      const page = await reader.page({ tenant, stream: HOLDS_STREAM, after: before.seq, limit: PAGE })
      const last = page.at(-1)
      if (last === undefined) return before
      known.set(tenant, { seq: last.seq, byStream: page.reduce(evolveHolds, new Map(before.byStream)) })
    }
  }

  const append = async (
    tenant: string,
    seq: number,
    event: { type: string; stream: string } & Statement,
  ): Promise<void> => {
    const { type, stream, reason, actor } = event
    await appendOwn(batcher, tenant, {
      events: [{ id: nextId(), stream: HOLDS_STREAM, type, v: 1, data: { stream, reason }, actor }],
      expect: { [HOLDS_STREAM]: seq },
    })
  }

  return {
    of,
    set: (tenant, stream, statement) =>
      decideAnew(async () => {
        const { seq, byStream } = await of(tenant)
        const held = byStream.get(stream)
        if (held !== undefined && held.reason === statement.reason) return held
        await append(tenant, seq, { type: 'HOLD_SET', stream, ...statement })
        return (await of(tenant)).byStream.get(stream) ?? { stream, ...statement, since: '' }
      }),
    release: (tenant, stream, statement) =>
      decideAnew(async () => {
        const { seq, byStream } = await of(tenant)
        const held = byStream.get(stream)
        if (held !== undefined) await append(tenant, seq, { type: 'HOLD_RELEASED', stream, ...statement })
        return held
      }),
  }
}
