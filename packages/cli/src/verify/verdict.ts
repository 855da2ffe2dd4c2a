import { DaybookError } from '@daybook/errors'
import type { FaultCode, VerificationFault } from '@daybook/events'
import { printable } from '../printable.ts'
import type { Session } from '../session.ts'

/** What was verified, and the first thing that does not hold. */
export interface Verdict {
  readonly events: number
  readonly streams: number
  /** Events that are under a checkpoint. */
  readonly sealed: number
  readonly erased: number
  readonly archived: number
  /** Verifier keys, or names of keys, that have signed. */
  readonly signers: readonly string[]
  readonly fault?: VerificationFault
  /** What was not looked at, and what should be done about it. */
  readonly remarks: readonly string[]
}

/** Tells it, and ends with `verification-failed` when something does not hold. */
export async function tell(at: Session, verdict: Verdict): Promise<void> {
  const { fault, remarks, ...counts } = verdict
  if (at.json) await at.printJson({ ok: fault === undefined, ...counts, remarks, ...(fault && { fault }) })
  else if (fault === undefined) await at.print(summaryOf(verdict))
  for (const remark of remarks) await at.remark(`note: ${remark}`)
  if (fault === undefined) return
  throw new DaybookError('verification-failed', `${sentenceOf(fault)} ${adviceOf(fault.code)}`, {
    details: { ...fault },
  })
}

function summaryOf({ events, streams, sealed, erased, archived, signers }: Verdict): string {
  const lines = [
    `Everything holds: ${events} events in ${streams} streams.`,
    sealed === 0
      ? 'No checkpoint covers them.'
      : `${sealed} are under a checkpoint, ${events - sealed} came after it. Signed by ${signers.join(', ') || 'an unknown key'}.`,
    ...(erased === 0 ? [] : [`${erased} payloads were erased, and the record says so.`]),
    ...(archived === 0
      ? []
      : [`${archived} payloads are in the archive; their bundles are verified by themselves.`]),
  ]
  return lines.map(printable).join('\n')
}

function sentenceOf({ code, detail, position, stream, seq, id }: VerificationFault): string {
  const place = [
    position === undefined ? undefined : `position ${position}`,
    stream === undefined ? undefined : `${stream}${seq === undefined ? '' : ` seq ${seq}`}`,
    id,
  ].filter((part) => part !== undefined)
  return `${place.length === 0 ? '' : `${place.join(', ')}: `}${detail} (${code}).`
}

function adviceOf(code: FaultCode): string {
  if (code === 'format' || code === 'digest') return 'Fetch the bundle again; if it stays so, it was altered.'
  if (code === 'proof') return 'Without the proof nothing says that it is sound.'
  return 'Keep a copy of everything before anybody touches it.'
}
