import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import { type EffectLedger, noteEffect } from './effect-ledger.ts'
import { eventFileName, eventFileText, type FiledEvent } from './event-file.ts'
import { laterUlid } from './later-ulid.ts'
import { layOutEvent } from './lay-out-event.ts'
import { type DirectoryHead, runFile, stateFile } from './run-files.ts'
import type { ExportedFile, ReadBlob } from './value-file.ts'

/** An event whose file has another ULID in its name than the event has as its id. */
export interface RenamedEvent {
  readonly seq: number
  readonly id: string
  readonly ulid: string
}

/** A run directory as it grows, event by event: what the next file is called, and what the files around the journal say. */
export class DirectoryRecord {
  readonly renamed: RenamedEvent[] = []
  readonly #runId: string
  readonly #effects: EffectLedger = new Map()
  #head: DirectoryHead
  #added = 0
  #created: { data: JsonObject; at: string } | undefined
  #assigned: JsonObject = {}
  #lastAt = ''

  /** Begins behind the files that are there already. */
  constructor(runId: string, head: DirectoryHead) {
    this.#runId = runId
    this.#head = head
  }

  /** Takes note of an event that has its file already. */
  note(filed: FiledEvent): void {
    noteEffect(this.#effects, filed)
  }

  /** The files of an event that has none yet: what its data refers to first, so that no reference leads nowhere. */
  async add(event: JournalEvent, readBlob: ReadBlob): Promise<readonly ExportedFile[]> {
    if (event.type === 'RUN_CREATED') this.#created ??= { data: event.data, at: event.occurredAt }
    if (event.type === 'PROCESS_ASSIGNED') this.#assigned = event.data
    const { filed, files } = await layOutEvent(event, this.#effects, readBlob)
    noteEffect(this.#effects, filed)
    const ulid = laterUlid(event.id, this.#head.ulid)
    this.#head = { seq: this.#head.seq + 1, ulid }
    if (ulid !== event.id) this.renamed.push({ seq: this.#head.seq, id: event.id, ulid })
    this.#added += 1
    this.#lastAt = event.occurredAt
    const path = `journal/${eventFileName(this.#head.seq, ulid)}`
    return [...files, { path, content: eventFileText(filed) }]
  }

  /** What is written last. Of a directory that was imported, only its cache has to follow the events that came since. */
  rest(isImported: boolean): readonly ExportedFile[] {
    const state = stateFile(this.#head, this.#lastAt, this.#effects)
    if (isImported) return this.#added === 0 ? [] : [state]
    const { data = {}, at = this.#lastAt } = this.#created ?? {}
    return [runFile({ runId: this.#runId, created: data, createdAt: at, assigned: this.#assigned }), state]
  }
}
