import { DaybookError } from '@daybook/errors'
import { describe, expect, it } from 'vitest'
import { type Added, type Addition, decideAddition } from '../src/schemas/decide-addition.ts'

const version = (v: number, schema = `{"v":${v}}`): Addition => ({
  kind: 'order',
  type: 'OrderPlaced',
  v,
  schema,
})
const added = (versions: number, more: Partial<Added> = {}): Added => ({
  versions: Array.from({ length: versions }, (_, index) => version(index + 1)),
  versionsTotal: versions,
  bytesTotal: 0,
  ...more,
})

function verdictOf(there: Added, addition: Addition): string {
  try {
    return decideAddition(there, addition)
  } catch (error) {
    if (error instanceof DaybookError) return error.code
    throw error
  }
}

describe('the addition of a version', () => {
  it.each([
    ['is new as the first one', added(0), version(1), 'new'],
    ['is new as the next one', added(2), version(3), 'new'],
    ['is a repetition with the same schema', added(3), version(2), 'repeated'],
    [
      'is a repetition also when nothing more may be added',
      added(1, { versionsTotal: 1_000 }),
      version(1),
      'repeated',
    ],
    ['conflicts with another schema under its number', added(3), version(2, '{}'), 'schema-conflict'],
    ['conflicts when it leaves one out', added(1), version(3), 'schema-conflict'],
    ['conflicts when the first is missing', added(0), version(2), 'schema-conflict'],
    [
      'conflicts when it moves to another kind',
      added(1),
      { ...version(2), kind: 'invoice' },
      'schema-conflict',
    ],
    [
      'is refused when there are a thousand versions',
      added(1, { versionsTotal: 1_000 }),
      version(2),
      'too-many-schemas',
    ],
    [
      'is refused when all are too large together',
      added(1, { bytesTotal: 4 * 1_048_576 }),
      version(2),
      'too-many-schemas',
    ],
  ])('%s', (_what, there, addition, verdict) => {
    expect(verdictOf(there, addition)).toBe(verdict)
  })
})
