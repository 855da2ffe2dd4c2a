import type { JsonObject } from '@daybook/errors'
import { approvalOf } from '../approval/approval.ts'
import { addCost } from '../run/costs.ts'
import { costText } from './costs.ts'
import { isApproval, verdictText } from './decision.ts'
import { durationText, elapsedMs } from './duration.ts'
import type { Teller, Told } from './told.ts'
import { cut, effectName, effectPhrase, errorText, firstSaid, said, shown, tail } from './words.ts'

/** What the events of runs say. */
export const runSentences: readonly (readonly [type: string, tell: Teller])[] = [
  ['RUN_CREATED', tellCreated],
  ['EFFECT_REQUESTED', tellRequested],
  ['EFFECT_RESOLVED', tellResolved],
  ['EFFECT_CANCELLED', tellSettledWithout('cancelled')],
  ['EFFECT_PROGRESS', tellProgress],
  ['COST_TRACKED', tellCost],
  ['PROCESS_LOG', (data) => firstSaid(data, ['message', 'label', 'data'])],
  ['PROCESS_ASSIGNED', (data) => `the process is ${said(data, 'processId')} now`],
  ['PROCESS_CODE_HASH_CHANGED', () => 'the code of the process is not what it was'],
  ['PROCESS_RUNTIME_ERROR', (data) => `the process threw${tail(errorText(data['error']))}`],
  ['RUN_COMPLETED', (data) => `the run completed${tail(firstSaid(data, ['output', 'outputRef']))}`],
  ['RUN_FAILED', (data) => `the run failed${tail(errorText(data['error']))}`],
  ['RUN_CANCEL_REQUESTED', (data) => `somebody wants the run to stop${tail(said(data, 'reason'))}`],
  ['RUN_CANCELLED', (data) => `the run was cancelled${tail(said(data, 'reason'))}`],
  ['RUN_HALTED', (data) => `the run waits for a person to look at it${tail(said(data, 'reason'))}`],
  [
    'STOP_HOOK_INVOKED',
    (data) => `may the agent stop? ${said(data, 'decision')}${tail(said(data, 'reason'))}`,
  ],
  ['SESSION_END_HOOK_INVOKED', (data) => `the session of the harness ended${tail(said(data, 'reason'))}`],
  ['FOREIGN_EVENT', (data) => shown(data['data'])],
  ['RUN_DAMAGED', tellDamage],
  ['RUN_PAYLOADS_ERASED', (data) => `payloads of this run were erased (${said(data, 'erasureId')})`],
]

function tellCreated(data: JsonObject): string {
  const about = [
    ['revision', said(data, 'processRevision')],
    ['session', said(data, 'sessionId')],
    ['for run', said(data, 'parentRunId')],
  ].flatMap(([name, value]) => (value === '' ? [] : [`${name} ${value}`]))
  const wanted = firstSaid(data, ['request', 'prompt'])
  return `the run was created: process ${said(data, 'processId')}${about.length === 0 ? '' : ` (${about.join(', ')})`}${wanted === '' ? '' : `, “${wanted}”`}`
}

function tellRequested(data: JsonObject, { effect }: Told): string {
  if (effect !== undefined && isApproval(effect)) {
    const { question } = approvalOf(effect, {})
    const name = effectName(effect)
    return `a person is asked: “${name}”${question === undefined || question === name ? '' : tail(cut(question))}`
  }
  return `asks for ${effectPhrase(effect, data)}`
}

function tellResolved(data: JsonObject, told: Told): string {
  const { event, effect } = told
  const waited = elapsedMs(effect?.requestedAt, event.occurredAt)
  if (effect !== undefined && isApproval(effect)) {
    return `“${effectName(effect)}” ${verdictText(event, effect, waited)}`
  }
  const after = waited === undefined ? '' : `, after ${durationText(waited)}`
  const phrase = effectPhrase(effect, data)
  if (data['status'] === 'error') return `failed: ${phrase}${after}${tail(errorText(data['error']))}`
  return `done: ${phrase}${after}`
}

function tellSettledWithout(word: string): Teller {
  return (data, { effect }) => `${word}: ${effectPhrase(effect, data)}${tail(said(data, 'reason'))}`
}

function tellProgress(data: JsonObject, { effect }: Told): string {
  const percent = said(data, 'progressPercent')
  const parts = [percent === '' ? '' : `${percent} %`, said(data, 'progressLabel'), said(data, 'currentStep')]
  return `progress of ${effectPhrase(effect, data)}${tail(parts.filter((part) => part !== '').join(', '))}`
}

function tellCost(data: JsonObject): string {
  const cost = costText(addCost(undefined, data))
  return `cost of ${said(data, 'model') || 'a model'}${tail(cost)}`
}

function tellDamage(data: JsonObject): string {
  const [found, leftOut] = [said(data, 'findingsTotal'), said(data, 'eventsLeftOut')]
  return `the run was imported from a damaged directory: ${found} findings, ${leftOut} files with events left out`
}
