import { DaybookError } from '@daybook/errors'
import { describe, expect, it } from 'vitest'
import { requireDecidable } from '../src/dead-letter.ts'

const letter = { id: '01K', source: 'journal-queue' } as const

describe('a decision about a dead letter', () => {
  it.each([
    ['requeue', 'open'],
    ['requeue', 'dismissed'],
    ['dismiss', 'open'],
  ] as const)('to %s it may follow when it is %s', (action, status) => {
    expect(() => requireDecidable({ ...letter, status }, action)).not.toThrow()
  })

  it.each([
    ['dismiss', { status: 'dismissed' }, /was dismissed already/],
    ['dismiss', { status: 'requeued' }, /journal-queue has yet to take it up/],
    ['requeue', { status: 'requeued' }, /journal-queue has yet to take it up/],
    ['requeue', { status: 'requeued', resolvedAt: '2026-11-21T09:00:00.000Z' }, /and accepted/],
  ] as const)('to %s it is refused after %j', (action, state, message) => {
    const decide = () => requireDecidable({ ...letter, ...state }, action)
    expect(decide).toThrow(DaybookError)
    expect(decide).toThrow(message)
  })
})
