import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'

/**
 * An event of a run under the names that scripts around file-per-event journals know. `recordedAt` is the time the
 * producer gave it (our `occurredAt`): for an imported run, the time it was first recorded.
 */
export interface TapeEntry {
  readonly seq: number
  readonly ulid: string
  readonly type: string
  readonly recordedAt: string
  /** The name the event has, or would have, as a file. */
  readonly filename: string
  readonly path: string
  readonly data: JsonObject
}

/** The actor of imported events: by it they are told from events that were journaled live. */
export const importActor = { kind: 'user', id: 'run-import' } as const

/** The members that the import adds to the data of an event, from the files around the journal. No writer puts them there itself. */
export const inlinedFields = {
  RUN_CREATED: [
    'inputs',
    'request',
    'nonInteractive',
    'cwd',
    'layoutVersion',
    'sdkVersion',
    'createdAt',
    'inputSchema',
    'outputSchema',
    'governance',
  ],
  PROCESS_ASSIGNED: ['inputs'],
  EFFECT_REQUESTED: ['taskDef', 'inputs'],
  EFFECT_RESOLVED: ['result', 'metadata'],
  RUN_COMPLETED: ['output'],
} as const

const inlined: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(inlinedFields))

export function tapeEntry(event: JournalEvent): TapeEntry {
  const { type, data } = originalOf(event)
  const filename = `${String(event.seq).padStart(6, '0')}.${event.id}.json`
  return {
    seq: event.seq,
    ulid: event.id,
    type,
    recordedAt: event.occurredAt,
    filename,
    path: `journal/${filename}`,
    data,
  }
}

/** The type and data the event came with: without what the import added, and out of the wrapping of a foreign type. */
function originalOf(event: JournalEvent): { type: string; data: JsonObject } {
  const { type, data } = unwrapped(event)
  const added = isImported(event) ? (inlined.get(type) ?? []) : []
  return { type, data: Object.fromEntries(Object.entries(data).filter(([name]) => !added.includes(name))) }
}

/** An event of a type that Daybook does not know is journaled inside one that it knows. */
export function unwrapped({ type, data }: JournalEvent): { type: string; data: JsonObject } {
  if (type === 'FOREIGN_EVENT') {
    const { type: foreignType, data: foreignData } = data
    if (
      typeof foreignType === 'string' &&
      typeof foreignData === 'object' &&
      foreignData !== null &&
      !Array.isArray(foreignData)
    ) {
      return { type: foreignType, data: foreignData }
    }
  }
  return { type, data }
}

function isImported({ actor }: JournalEvent): boolean {
  return actor.kind === importActor.kind && actor.id === importActor.id
}
