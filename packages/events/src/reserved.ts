/** What is on record of the journal itself: it is never erased. */
const RECORD_KINDS: ReadonlyMap<string, string> = new Map([
  ['erasure', 'POST /v1/erasures'],
  ['hold', 'PUT /v1/holds/{kind}/{id}'],
  ['archive', 'the archive of the journal'],
  ['token', 'POST and DELETE /v1/tokens'],
])

/** What these streams say, Daybook acts upon: it has to come through the doors that check it. */
const RESERVED_KINDS: ReadonlyMap<string, string> = new Map([
  ...RECORD_KINDS,
  ['inbound', 'POST /v1/inbound/messages and the commands below it'],
  ['cron', 'POST /v1/cron/jobs and the commands below it'],
])

/** By kind: what tells who follows such a stream that payloads of it were erased. */
export const ERASURE_NOTICES: ReadonlyMap<string, string> = new Map([
  ['run', 'RUN_PAYLOADS_ERASED'],
  ['session', 'SESSION_PAYLOADS_ERASED'],
  ['inbound', 'INBOUND_PAYLOADS_ERASED'],
  ['cron', 'CRON_PAYLOADS_ERASED'],
])
const NOTICE_TYPES: ReadonlySet<string> = new Set(ERASURE_NOTICES.values())

/** Whether events of this type tell of erasures. */
export function isErasureNotice(type: string): boolean {
  return NOTICE_TYPES.has(type)
}

/** Whether a stream tells of erasures, holds, archives or tokens; that is never erased. */
export function isRecordKind(kind: string): boolean {
  return RECORD_KINDS.has(kind)
}

/** By what an event is appended that nobody else may append; undefined for one that producers may. */
export function reservedDoorOf({ kind, type }: { kind: string; type: string }): string | undefined {
  return RESERVED_KINDS.get(isErasureNotice(type) ? 'erasure' : kind)
}
