import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { count, json, key, name, runData, text } from './fields.ts'

const { Optional } = Type

export const costTracked = defineEvent({
  kind: 'run',
  type: 'COST_TRACKED',
  v: 1,
  description:
    'What a call of a model cost. Token counts of further kinds end in `Tokens`, as providers keep inventing them.',
  schema: Type.Object(
    {
      harness: Optional(text),
      sessionId: Optional(text),
      runId: Optional(key),
      effectId: Optional(key),
      taskId: Optional(text),
      taskKind: Optional(text),
      model: text,
      provider: Optional(text),
      inputTokens: Optional(count),
      outputTokens: Optional(count),
      cacheCreationTokens: Optional(count),
      cacheReadTokens: Optional(count),
      costUsd: Optional(count),
      /** For who pays in another currency; `costUsd` is then a conversion of it. */
      cost: Optional(
        Type.Object(
          { currency: Type.String({ pattern: '^[A-Z]{3}$' }), amount: count },
          { additionalProperties: false },
        ),
      ),
      durationMs: Optional(count),
      source: Optional(text),
      idempotencyKey: Optional(text),
      timestamp: Optional(text),
    },
    { additionalProperties: false, patternProperties: { '^[a-z][A-Za-z0-9]{0,60}Tokens$': count } },
  ),
})

export const stopHookInvoked = defineEvent({
  kind: 'run',
  type: 'STOP_HOOK_INVOKED',
  v: 1,
  description: 'The harness asked whether the agent may stop, and was answered.',
  schema: runData({
    iteration: Optional(count),
    decision: Optional(text),
    reason: Optional(text),
    runState: Optional(text),
    pendingKinds: Optional(text),
    hasPromise: Optional(Type.Boolean()),
    timestamp: Optional(text),
    effectId: Optional(key),
    hookBackoffFireCount: Optional(count),
    hookBackoffDelaySeconds: Optional(count),
    hookBackoffInterrupted: Optional(Type.Boolean()),
  }),
})

export const sessionEndHookInvoked = defineEvent({
  kind: 'run',
  type: 'SESSION_END_HOOK_INVOKED',
  v: 1,
  description: 'The harness told that its session is over.',
  schema: runData({ iteration: Optional(count), reason: Optional(text), timestamp: Optional(text) }),
})

export const foreignEvent = defineEvent({
  kind: 'run',
  type: 'FOREIGN_EVENT',
  v: 1,
  description: 'An event of an imported run whose type or form Daybook does not know, kept as it is.',
  schema: Type.Object({ type: name, data: json }, { additionalProperties: false }),
})
