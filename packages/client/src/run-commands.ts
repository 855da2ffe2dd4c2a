import type { EventData, Receipt } from '@daybook/events'
import { hasTexts, isRecord, oneOf } from './answers.ts'
import type { Http } from './http.ts'

/** What a command led to: a receipt for each event, none when it was so already. */
export interface RunCommandAnswer {
  readonly runId: string
  readonly receipts: readonly Receipt[]
}

export interface EffectCommandAnswer extends RunCommandAnswer {
  readonly effectId: string
}

/** The data of an event, without what the command says otherwise. */
type Said<Type extends 'EFFECT_RESOLVED' | 'EFFECT_PROGRESS' | 'EFFECT_CANCELLED'> = Omit<
  EventData<Type>,
  'effectId'
>

/** Which run, where several have an effect with this id (`ambiguous-id`). */
export interface OfRun {
  readonly runId?: string
}

/**
 * Wishes that the state of a run may refuse: `invalid-transition`, whose details tell the status and what it allows.
 * `not-found` for what is not there, `conflict` when others were always faster. After a `timeout` the same command may be
 * given again: what is so already is no error, and adds no event.
 */
export interface RunCommands {
  /** Without an id in it, each call makes another run. */
  create(run: Omit<EventData<'RUN_CREATED'>, 'runId'> & OfRun): Promise<RunCommandAnswer>
  /** Asks for units of work, 1,000 at most, all or none. */
  requestEffects(runId: string, effects: readonly EventData<'EFFECT_REQUESTED'>[]): Promise<RunCommandAnswer>
  /** Posts a result or an error, once. That of a breakpoint needs the scope approve (`forbidden`). */
  resolveEffect(effectId: string, result: Said<'EFFECT_RESOLVED'>, of?: OfRun): Promise<EffectCommandAnswer>
  reportProgress(
    effectId: string,
    progress: Said<'EFFECT_PROGRESS'>,
    of?: OfRun,
  ): Promise<EffectCommandAnswer>
  /** Nobody needs the result any more. */
  cancelEffect(effectId: string, why?: Said<'EFFECT_CANCELLED'>, of?: OfRun): Promise<EffectCommandAnswer>
  complete(runId: string, end?: EventData<'RUN_COMPLETED'>): Promise<RunCommandAnswer>
  fail(runId: string, end: EventData<'RUN_FAILED'>): Promise<RunCommandAnswer>
  /** At once when the run is at rest (created, waiting); a running one is asked to stop, unless it has to end `now`. */
  cancel(runId: string, how?: EventData<'RUN_CANCELLED'> & { now?: boolean }): Promise<RunCommandAnswer>
}

export function openRunCommands(http: Http): RunCommands {
  const post = async (path: string, said: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await http.readJson({ method: 'POST', path, body: JSON.stringify(said), headers })
    return answer.body
  }
  const onRun = async (path: string, said: object) => oneOf(await post(path, said), isAnswer)
  const onEffect = async (path: string, said: object) => oneOf(await post(path, said), isEffectAnswer)
  return {
    create: (run) => onRun('/v1/runs', run),
    requestEffects: (runId, effects) => onRun(`${runPath(runId)}/effects`, { effects }),
    resolveEffect: (id, result, of) => onEffect(`${effectPath(id, of)}/resolve`, result),
    reportProgress: (id, progress, of) => onEffect(`${effectPath(id, of)}/progress`, progress),
    cancelEffect: (id, why = {}, of = {}) => onEffect(`${effectPath(id, of)}/cancel`, why),
    complete: (runId, end = {}) => onRun(`${runPath(runId)}/complete`, end),
    fail: (runId, end) => onRun(`${runPath(runId)}/fail`, end),
    cancel: (runId, how = {}) => onRun(`${runPath(runId)}/cancel`, how),
  }
}

export function runPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`
}

export function effectPath(effectId: string, { runId }: OfRun = {}): string {
  const path = `/effects/${encodeURIComponent(effectId)}`
  return runId === undefined ? `/v1${path}` : `${runPath(runId)}${path}`
}

function isAnswer(value: unknown): value is RunCommandAnswer {
  return isRecord(value) && Array.isArray(value['receipts']) && hasTexts(value, 'runId')
}

function isEffectAnswer(value: unknown): value is EffectCommandAnswer {
  return isAnswer(value) && hasTexts(value, 'effectId')
}
