import { DaybookError } from '@daybook/errors'
import { type AppendResult, createUlids, type Draft, draft } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { type AppendDoor, appendWithin } from '../src/append.ts'

const nextId = createUlids()

function completed(): Draft {
  return draft({ id: nextId(), stream: 'run/1', type: 'RUN_COMPLETED', data: {} })
}

/** A door that gives one answer after the other, the last one for ever, and remembers what it was asked. */
function doorWith(...answers: (AppendResult | DaybookError)[]): { door: AppendDoor; bodies: string[] } {
  const bodies: string[] = []
  return {
    bodies,
    door: async (body) => {
      const answer = answers[Math.min(bodies.length, answers.length - 1)]
      bodies.push(body)
      if (answer instanceof Error) throw answer
      return answer ?? { receipts: [] }
    },
  }
}

const lost = new DaybookError('timeout', 'lost')
const done: AppendResult = { receipts: [] }

describe('append', () => {
  it('repeats a lost attempt with the same ids', async () => {
    const { door, bodies } = doorWith(
      lost,
      new DaybookError('unavailable', 'down'),
      new DaybookError('overloaded', 'busy'),
      done,
    )
    expect(await appendWithin(door, { events: [completed()] }, 10_000)).toBe(done)
    expect(bodies).toHaveLength(4)
    expect(new Set(bodies).size).toBe(1)
  })

  it('says that the outcome is unknown when the deadline passes after a lost answer', async () => {
    const { door } = doorWith(lost, new DaybookError('unavailable', 'down'))
    await expect(appendWithin(door, { events: [completed()] }, 200)).rejects.toMatchObject({
      code: 'timeout',
      retry: 'later',
    })
  })

  it('says that the journal was unavailable when no attempt got through', async () => {
    const { door } = doorWith(new DaybookError('unavailable', 'down'))
    await expect(appendWithin(door, { events: [completed()] }, 200)).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  it.each(['seq-conflict', 'id-reused', 'invalid-event-data', 'internal'] as const)(
    'does not repeat what was answered with %s',
    async (code) => {
      const { door, bodies } = doorWith(new DaybookError(code, 'no'))
      await expect(appendWithin(door, { events: [completed()] }, 10_000)).rejects.toMatchObject({ code })
      expect(bodies).toHaveLength(1)
    },
  )

  it('refuses more than 1,000 events, and none, without asking', async () => {
    const { door, bodies } = doorWith(done)
    const events = Array.from({ length: 1_001 }, completed)
    await expect(appendWithin(door, { events }, 1_000)).rejects.toMatchObject({
      code: 'too-many-events',
      details: { events: 1_001 },
    })
    await expect(appendWithin(door, { events: [] }, 1_000)).rejects.toMatchObject({ code: 'invalid-request' })
    expect(bodies).toHaveLength(0)
  })
})
