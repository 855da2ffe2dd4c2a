import type { JsonObject } from '@daybook/errors'
import { durationText } from '../audit/duration.ts'
import { firstSaid, said } from '../audit/words.ts'

/** When a job runs, for people: `0 3 * * * Europe/Berlin`, `every 15 min 00 s`, `once at 2026-11-22T03:00:00.000Z`. Total. */
export function scheduleText(schedule: JsonObject): string {
  const { everyMs } = schedule
  if (typeof everyMs === 'number') return `every ${durationText(everyMs)}`
  const at = said(schedule, 'at')
  return at === '' ? `${said(schedule, 'cron')} ${said(schedule, 'timezone')}`.trim() : `once at ${at}`
}

/** What a run does, for people: `run demo/digest`, `append REMINDER_DUE to user/ada`, `publish reports.nightly`, `deliver`. Total. */
export function actionText(action: JsonObject): string {
  const what = said(action, 'do')
  const name = firstSaid(action, ['processId', 'type', 'subject'])
  const stream = said(action, 'stream')
  return [what, name, stream === '' ? '' : `to ${stream}`].filter((part) => part !== '').join(' ')
}
