import { DaybookError } from '@daybook/errors'
import { describe, expect, it } from 'vitest'
import { asUnavailable, failureOf, isUniqueViolation } from '../src/failure.ts'

function withCode(code: string, more: object = {}): Error {
  return Object.assign(new Error('the database said so'), { code, ...more })
}

describe('failureOf', () => {
  it.each([
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    ['55P03', 'conflict'],
    ['08006', 'connection'],
    ['57P01', 'connection'],
    ['25006', 'connection'],
    ['53300', 'connection'],
    ['53100', 'connection'],
    ['ECONNREFUSED', 'connection'],
    ['ECONNRESET', 'connection'],
    ['23505', 'other'],
    ['42501', 'other'],
    ['57014', 'other'],
  ])('takes %s for a %s', (code, kind) => {
    expect(failureOf(withCode(code))).toBe(kind)
  })

  it('knows a lost connection by the words of the driver, which gives it no code', () => {
    expect(failureOf(new Error('Connection terminated unexpectedly'))).toBe('connection')
    expect(failureOf(new AggregateError([withCode('ECONNREFUSED')]))).toBe('connection')
    expect(failureOf(new Error('Connection terminology'))).toBe('other')
    expect(failureOf('no error at all')).toBe('other')
  })
})

describe('asUnavailable', () => {
  it('turns a lost database into a problem that may be tried again, and nothing else', () => {
    expect(asUnavailable(withCode('ECONNREFUSED'))).toMatchObject({ code: 'unavailable', retry: 'later' })
    const other = withCode('42501')
    expect(asUnavailable(other)).toBe(other)
    const ours = new DaybookError('not-found', 'There is none.')
    expect(asUnavailable(ours)).toBe(ours)
  })
})

describe('isUniqueViolation', () => {
  it('tells one constraint from another', () => {
    const error = withCode('23505', { constraint: 'events_id_key' })
    expect([isUniqueViolation(error), isUniqueViolation(error, 'events_id_key')]).toEqual([true, true])
    expect([isUniqueViolation(error, 'other_key'), isUniqueViolation(withCode('23503'))]).toEqual([
      false,
      false,
    ])
  })
})
