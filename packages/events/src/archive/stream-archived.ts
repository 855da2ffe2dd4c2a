import { type Static, Type } from 'typebox'
import { SHA256_PATTERN } from '../blob.ts'
import type { JournalEvent } from '../envelope.ts'
import { defineEvent } from '../event-type.ts'
import { STREAM_PATTERN } from '../stream.ts'
import { Validator } from '../validator.ts'

const positive = Type.Integer({ minimum: 1 })

/**
 * The payloads of a part of a stream are in a bundle outside the database from now on, in `archive/<id of the archive>`.
 * `sha256` is that of the bundle's file. A bundle that is written again, because payloads in it were erased, is recorded
 * again.
 */
export const streamArchived = defineEvent({
  kind: 'archive',
  type: 'STREAM_ARCHIVED',
  v: 1,
  description: 'The payloads of a part of a stream are in a bundle outside the database from now on.',
  schema: Type.Object(
    {
      stream: Type.String({ pattern: STREAM_PATTERN }),
      firstSeq: positive,
      lastSeq: positive,
      firstPosition: positive,
      lastPosition: positive,
      key: Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'The name of the bundle in its store',
      }),
      sha256: Type.String({ pattern: SHA256_PATTERN }),
      bytes: positive,
    },
    { additionalProperties: false },
  ),
})

/** What a `STREAM_ARCHIVED` says. */
export type ArchivedStream = Static<typeof streamArchived.schema> & { archiveId: string }

const validator = new Validator(streamArchived.schema)

/** What an event says of an archive; undefined if it is not about one. */
export function archivedStreamOf(event: JournalEvent): ArchivedStream | undefined {
  const prefix = 'archive/'
  if (event.type !== streamArchived.type || !event.stream.startsWith(prefix)) return undefined
  if (!validator.check(event.data)) return undefined
  return { ...event.data, archiveId: event.stream.slice(prefix.length) }
}

const ARCHIVED = 'archive:'

/** What `journal.events.erasure_id` holds of an event whose payload is in an archive. */
export function archivedMark(archiveId: string): string {
  return ARCHIVED + archiveId
}

/** The archive that has the payload of an event which came without it; undefined when it was erased, or is here. */
export function archiveIdOf({ erased }: Pick<JournalEvent, 'erased'>): string | undefined {
  return erased?.erasureId.startsWith(ARCHIVED) === true ? erased.erasureId.slice(ARCHIVED.length) : undefined
}
