import { type AuditEntry, isFailure } from '@daybook/events'
import { counted } from '../counted.ts'
import { type Markup, markup } from './markup.ts'
import type { TimeScale } from './time-scale.ts'

/** As fine as a report of ordinary width can show. */
const COLUMNS = 160
const HEIGHT = 40

/** How much happened when: one column for each stretch of the line, failures in red at its foot. */
export function activityChart(trail: readonly AuditEntry[], scale: TimeScale): Markup {
  const columns = Array.from({ length: COLUMNS }, () => ({ events: 0, failures: 0 }))
  for (const entry of trail) {
    const share = scale.shareOf(Date.parse(entry.occurredAt))
    const column = columns[Math.min(COLUMNS - 1, Math.floor(share * COLUMNS))]
    if (column === undefined) continue
    column.events += 1
    if (isFailure(entry)) column.failures += 1
  }
  const most = Math.max(1, ...columns.map(({ events }) => events))
  // By the root: beside a burst of a thousand events a single one can still be seen.
  const heightOf = (count: number): number =>
    count === 0 ? 0 : Math.max(2, HEIGHT * Math.sqrt(count / most))
  const bars = columns.flatMap(({ events, failures }, x) => [
    ...(events === 0
      ? []
      : [bar('events', { x, height: heightOf(events), title: counted(events, 'event') })]),
    ...(failures === 0
      ? []
      : [bar('failures', { x, height: heightOf(failures), title: counted(failures, 'failure') })]),
  ])
  return markup`<svg class="activity" viewBox="0 0 ${COLUMNS} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="How many events there were when">${bars}</svg>`
}

interface Bar {
  readonly x: number
  readonly height: number
  readonly title: string
}

function bar(kind: 'events' | 'failures', { x, height, title }: Bar): Markup {
  const rounded = Number(height.toFixed(2))
  return markup`<rect class="${kind}" x="${x}" y="${Number((HEIGHT - rounded).toFixed(2))}" width="0.8" height="${rounded}"><title>${title}</title></rect>`
}
