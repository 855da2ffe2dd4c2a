import type { RunAudit } from '@daybook/events'
import { counted } from './counted.ts'
import type { parkedMark } from './read-run.ts'

/** What a run is marked with in the read model. */
export type Parked = Awaited<ReturnType<typeof parkedMark>>

/** What a reader has to know before believing the rest, one sentence each. */
export function noticesOf({ run, erasedTotal }: RunAudit, parked: Parked): string[] {
  const notices: string[] = []
  if (run?.damaged !== undefined) {
    const { findingsTotal, eventsLeftOut, findings } = run.damaged
    const codes = [...new Set(findings.map(({ code }) => code))].join(', ')
    notices.push(
      `damaged: it was imported from a damaged directory (${counted(findingsTotal, 'finding')}: ${codes}); ${counted(eventsLeftOut, 'file')} with events left out`,
    )
  }
  if (run !== undefined && run.faultsTotal > 0) {
    notices.push(
      `faults: ${counted(run.faultsTotal, 'event')} that the state of the run did not allow; what they say changed nothing`,
    )
  }
  if (erasedTotal > 0)
    notices.push(
      `erased: the payloads of ${counted(erasedTotal, 'event')} are gone; what they said is not here, and what seems open may have ended in one of them`,
    )
  if (parked === 'wholly') notices.push('parked: the read model leaves this run out; here it is whole')
  else if (parked !== undefined) {
    notices.push(
      `parked: other commands leave it out from event ${parked.seq} on (daybook dead-letters:show ${parked.deadLetterId}); here it is whole`,
    )
  }
  return notices
}
