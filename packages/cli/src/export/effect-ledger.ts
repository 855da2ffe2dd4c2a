import { createHash } from 'node:crypto'
import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import type { FiledEvent } from './event-file.ts'

/** What the tool's cache of a run's state says of an effect. */
interface LedgerEntry {
  readonly effectId: string
  readonly invocationKey: string
  readonly status: 'requested' | 'resolved_ok' | 'resolved_error'
  readonly kind: string
  readonly label?: string
  readonly taskId: string
  readonly stepId: string
  readonly requestedAt: string
  readonly resolvedAt?: string
}

/** The effects of a run by their ids, in the order in which they were requested, as the tool sees them. */
export type EffectLedger = Map<string, LedgerEntry>

/** Takes note of an event, in the form it has as a file. */
export function noteEffect(ledger: EffectLedger, { type, recordedAt, data }: FiledEvent): void {
  const effectId = textOf(data, 'effectId')
  const known = ledger.get(effectId)
  if (type === 'EFFECT_REQUESTED' && known === undefined) {
    const label = data['label']
    ledger.set(effectId, {
      effectId,
      invocationKey: textOf(data, 'invocationKey'),
      status: 'requested',
      kind: textOf(data, 'kind'),
      ...(typeof label === 'string' && label !== '' && { label }),
      taskId: textOf(data, 'taskId'),
      stepId: textOf(data, 'stepId'),
      requestedAt: recordedAt,
    })
  }
  if (type === 'EFFECT_RESOLVED' && known?.status === 'requested') {
    const status = data['status'] === 'ok' ? 'resolved_ok' : 'resolved_error'
    ledger.set(effectId, { ...known, status, resolvedAt: recordedAt })
  }
}

/**
 * The folder of an effect's files. An effect's id is any text of its producer, so only one that is surely a plain name
 * becomes a folder of that name; any other is named by its hash.
 */
export function taskFolder(effectId: string): string {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(effectId)
  const name = isPlain
    ? effectId
    : `effect-${createHash('sha256').update(effectId).digest('hex').slice(0, 32)}`
  return `tasks/${name}`
}

/** The effect that an event names; empty when it names none. */
export function effectIdOf({ data }: Pick<JournalEvent, 'data'>): string {
  return textOf(data, 'effectId')
}

function textOf(data: JsonObject, name: string): string {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}
