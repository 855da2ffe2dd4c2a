import { type AuditEntry, type AuditedEffect, BREAKPOINT, durationText, type RunAudit } from '@daybook/events'
import { activityChart } from './activity.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { type Fold, type TimeScale, timeScale } from './time-scale.ts'

/** Rows of the timeline: some screens. All effects are in the list of durations, and all events in the trail. */
const ROWS_MAX = 120
const TICKS = [0, 0.25, 0.5, 0.75, 1]

/** When which effect was open: a row for each, in the order of asking, under a chart of all that happened. */
export function timeline({ effects, run }: RunAudit, trail: readonly AuditEntry[]): Markup {
  const instants = trail.map(({ occurredAt }) => Date.parse(occurredAt))
  const scale = timeScale(instants)
  const endMs = Date.parse(run?.endedAt ?? trail.at(-1)?.occurredAt ?? '')
  const rows = chosen(effects)
  const cut =
    rows.length === effects.length
      ? nothing
      : markup`<p class="remark">${rows.length} of ${effects.length} effects: those that failed or waited for a person, then the longest.</p>`
  return markup`<section><h2>Timeline</h2>
<div class="timeline"><div class="row head"><span>all events</span><div class="lane tall">${activityChart(trail, scale)}${scale.folds.map(foldMark)}</div></div>
${rows.map((effect) => row(effect, { scale, endMs }))}
<div class="row axis"><span>UTC</span><div class="lane">${ticks(scale)}</div></div></div>
${legend(scale.folds)}${cut}</section>
`
}

/** What a reader looks for first: what went wrong, and what people decided. */
function matters({ status, kind }: AuditedEffect): boolean {
  return status === 'resolved_error' || kind === BREAKPOINT
}

/** As many as there are rows, in the order of asking. */
function chosen(effects: readonly AuditedEffect[]): AuditedEffect[] {
  const ranked = [...effects.filter(matters), ...effects.filter((effect) => !matters(effect))]
  return ranked.slice(0, ROWS_MAX).toSorted((a, b) => a.requestedSeq - b.requestedSeq)
}

function row(effect: AuditedEffect, { scale, endMs }: { scale: TimeScale; endMs: number }): Markup {
  const { kind, name, status, requestedAt, settledAt, durationMs, effectId } = effect
  const from = scale.shareOf(Date.parse(requestedAt))
  const to = scale.shareOf(settledAt === undefined ? endMs : Date.parse(settledAt))
  const took = durationMs === undefined ? 'no duration' : durationText(durationMs)
  const looks = kind === BREAKPOINT ? `${status} person` : status
  const title = `${kind} ${name} (${effectId}), ${status}: ${took}, from ${requestedAt}`
  const { side, at } = labelPlace(from, to)
  return markup`<div class="row"><span title="${title}"><b>${kind}</b> ${name}</span><div class="lane"><i class="bar ${looks}" style="left:${percent(from)};width:${percent(Math.max(0, to - from))}" title="${title}"></i><em class="${side}" style="${at}">${took}</em></div></div>
`
}

/** What a label takes beside its bar, of the narrowest page that still has a timeline. */
const LABEL_SHARE = 0.12

/** Behind the bar; before one that ends at the edge; inside of one that fills the line. */
function labelPlace(from: number, to: number): { side: string; at: string } {
  if (Math.max(from, to) < 1 - LABEL_SHARE)
    return { side: 'after', at: `left:${percent(Math.max(from, to))}` }
  if (from > LABEL_SHARE) return { side: 'before', at: `right:${percent(1 - from)}` }
  return { side: 'inside', at: `left:${percent(from)}` }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`
}

function ticks(scale: TimeScale): Markup[] {
  const instants = TICKS.map((share) => scale.instantAt(share))
  const [first = 0, last = 0] = [instants[0], instants.at(-1)]
  return TICKS.map((share, index) => {
    const text = tickText(instants[index] ?? first, last - first)
    return markup`<i class="tick" style="left:${percent(share)}"></i><em class="${share === 1 ? 'before' : 'after'}" style="${share === 1 ? 'right:0' : `left:${percent(share)}`}">${text}</em>`
  })
}

const DAY_MS = 24 * 60 * 60 * 1_000

/** As exact as the length of the run allows to tell ticks apart. */
function tickText(ms: number, lengthMs: number): string {
  const instant = new Date(ms)
  if (Number.isNaN(instant.getTime())) return ''
  const iso = instant.toISOString()
  if (lengthMs > DAY_MS) return iso.slice(5, 16).replace('T', ' ')
  return lengthMs < 10_000 ? iso.slice(11, 23) : iso.slice(11, 19)
}

function foldMark({ share, fromMs, toMs }: Fold): Markup {
  return markup`<i class="fold" style="left:${percent(share)}" title="${durationText(toMs - fromMs)} without an event, drawn shorter"></i>`
}

function legend(folds: readonly Fold[]): Markup {
  const folded =
    folds.length === 0
      ? nothing
      : markup` <span><i class="fold"></i> a pause, drawn shorter than it was: ${folds.map(({ fromMs, toMs }) => durationText(toMs - fromMs)).join(', ')}</span>`
  return markup`<p class="legend"><span><i class="bar resolved_ok"></i> done</span> <span><i class="bar resolved_error"></i> failed</span> <span><i class="bar requested"></i> open</span> <span><i class="bar cancelled"></i> cancelled</span> <span><i class="bar resolved_ok person"></i> waits for a person</span>${folded}</p>
`
}
