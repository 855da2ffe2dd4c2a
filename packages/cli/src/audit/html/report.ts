import {
  type AuditEntry,
  actorText,
  durationText,
  isFailure,
  moneyText,
  type RunAudit,
} from '@daybook/events'
import { counted } from '../counted.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { style } from './style.ts'
import { approvalTable, costTable, durationTable, failureTable } from './tables.ts'
import { timeline } from './timeline.ts'

export interface Report {
  readonly runId: string
  readonly audit: RunAudit
  readonly trail: readonly AuditEntry[]
  readonly notices: readonly string[]
  /** When the report was made, ISO 8601. */
  readonly madeAt: string
}

/** Lines in one part of the trail: the browser lays out only the parts that are looked at. */
const TRAIL_PART = 500

/**
 * One HTML page, in pieces, that needs nothing else: no network (its own policy forbids any), no script. All that events
 * say is escaped.
 */
export function* reportHtml(report: Report): Generator<string> {
  const { audit, trail } = report
  yield markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>Run ${report.runId}</title>
${style}</head><body>
`.html
  yield heading(report).html
  yield timeline(audit, trail).html
  yield failureTable(audit).html
  yield approvalTable(audit).html
  yield costTable(audit).html
  yield durationTable(audit).html
  yield markup`<section><h2>All events (${trail.length})</h2><p class="remark">By the clocks of their producers, UTC.</p>
`.html
  for (let index = 0; index < trail.length; index += TRAIL_PART) {
    yield markup`<div class="trail">
${trail.slice(index, index + TRAIL_PART).map(trailRow)}</div>
`.html
  }
  yield footer(report).html
}

function heading({ runId, audit, trail, notices }: Report): Markup {
  const { run } = audit
  const status = run?.status ?? 'unknown'
  const origin = [
    run?.processId,
    run?.processRevision === undefined ? undefined : `revision ${run.processRevision}`,
    run?.sessionId === undefined ? undefined : `session ${run.sessionId}`,
    run?.parentRunId === undefined ? undefined : `for run ${run.parentRunId}`,
  ].filter((part) => part !== undefined)
  return markup`<header><h1>Run ${runId}<span class="badge ${status}">${status}</span></h1><p class="sub">${origin.join(' · ')}</p>
<p class="sub">${trail[0]?.occurredAt ?? ''} to ${run?.endedAt ?? trail.at(-1)?.occurredAt ?? ''}${run?.endedAt === undefined ? ' (it has not ended)' : ''}</p>
${notices.map((notice) => markup`<p class="notice">${notice}</p>`)}
${facts(audit)}</header>
`
}

function facts(audit: RunAudit): Markup {
  const { events, effects, durationMs, waitedForPeopleMs, failures, approvals, run } = audit
  const figures: [string, string][] = [
    ['took', durationMs === undefined ? '–' : durationText(durationMs)],
    ['waiting for people', waitedForPeopleMs === 0 ? '–' : durationText(waitedForPeopleMs)],
    ['events', events.toLocaleString('en-US')],
    ['effects', effects.length.toLocaleString('en-US')],
    ['failures', failures.length.toLocaleString('en-US')],
    ['approvals', approvals.length.toLocaleString('en-US')],
  ]
  if (run?.costs !== undefined)
    figures.push(['cost', moneyText(run.costs) || counted(run.costs.calls, 'call')])
  return markup`<dl class="facts">${figures.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function trailRow(entry: AuditEntry): Markup {
  const { seq, occurredAt, type, text, fault, actor } = entry
  const flag = fault === undefined ? nothing : markup` <span class="fault">fault: ${fault}</span>`
  return markup`<div><span class="n">${seq}</span><time>${occurredAt}</time><span class="type">${type}</span><p class="${isFailure(entry) ? 'bad' : ''}">${text}${flag} <span class="who">${actorText(actor)}</span></p></div>
`
}

function footer({ runId, audit, madeAt }: Report): Markup {
  const hash =
    audit.lastHash === undefined
      ? nothing
      : markup`<p>The last of its ${counted(audit.events, 'event')} has the hash <code>${audit.lastHash}</code>. Whether the record still says this, shows <code>daybook verify --stream run/${runId}</code>.</p>`
  return markup`</section><footer>${hash}<p>Made by <code>daybook run:audit</code> at ${madeAt} from the events of run/${runId}. It needs no network and runs no script.</p></footer></body></html>
`
}
