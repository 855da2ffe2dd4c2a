import { createUlids } from '@daybook/events'

/** The event that every system is given: a run asks for an agent's work. */
export interface SampleEvent {
  id: string
  type: 'EFFECT_REQUESTED'
  v: 1
  data: SampleData
  actor: { kind: 'agent'; id: string }
  occurredAt: string
}

type SampleData = Record<
  'effectId' | 'invocationKey' | 'stepId' | 'taskId' | 'kind' | 'label' | 'taskDefRef',
  string
> & {
  inputs: { repository: string; branch: string; instructions: string }
}

export const newUlid = createUlids()

export function sampleEvents(count: number): SampleEvent[] {
  const occurredAt = new Date().toISOString()
  return Array.from({ length: count }, () => sampleEvent(occurredAt))
}

export function sampleEvent(occurredAt: string): SampleEvent {
  const effectId = newUlid()
  return {
    id: newUlid(),
    type: 'EFFECT_REQUESTED',
    v: 1,
    data: sampleData(effectId),
    actor: { kind: 'agent', id: 'release-agent' },
    occurredAt,
  }
}

/** About 300 bytes as JSON, the size of this event in runs of real tools. */
function sampleData(effectId: string): SampleData {
  return {
    effectId,
    invocationKey: `demo/release:${effectId}:plan`,
    stepId: 'S000001',
    taskId: 'plan',
    kind: 'agent',
    label: 'planning',
    taskDefRef: `tasks/${effectId}/task.json`,
    inputs: { repository: 'acme/web', branch: 'main', instructions: 'Plan the next release.' },
  }
}

/** The first event of the run whose stream this is. */
export function runCreated(stream: string) {
  return {
    id: newUlid(),
    stream,
    type: 'RUN_CREATED',
    v: 1,
    data: {
      runId: stream.slice('run/'.length),
      processId: 'demo/release',
      entrypoint: { importPath: 'release.js', exportName: 'default' },
    },
  }
}
