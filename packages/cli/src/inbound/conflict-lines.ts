import { diffJson, type InboundMessage } from '@daybook/events'
import { changeLine, tokensOf, valueAt } from '../past.ts'

/** Somebody who needs more of them has `--json`. */
const CHANGES_SHOWN_MAX = 10

/** What other bodies came under the id of a message, each as what differs from the body that is worked on. */
export function conflictLines({ payload, conflicts }: InboundMessage): string[] {
  return conflicts.flatMap(({ at, seq, payload: other }) => {
    const lines = payload === undefined || other === undefined ? undefined : diffJson(payload, other)
    const head = `  ${at}  event ${seq}`
    if (lines === undefined) return [`${head}: one of the two bodies is not kept any more`]
    const shown = lines.slice(0, CHANGES_SHOWN_MAX).map((change) => {
      const path = tokensOf(change.path)
      return `    ${changeLine(change, path.length === 0 ? ['body'] : path, valueAt(payload, path))}`
    })
    const left = lines.length - shown.length
    return [head, ...shown, ...(left > 0 ? [`    … and ${left} more changes; see --json`] : [])]
  })
}
