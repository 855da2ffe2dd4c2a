import { describe, expect, it } from 'vitest'
import { catalogue, isErrorCode } from '../src/catalogue.ts'
import { DaybookError } from '../src/daybook-error.ts'
import { fromProblem, toProblem } from '../src/problem.ts'

const codes = Object.keys(catalogue).filter(isErrorCode)

describe('the catalogue', () => {
  it.each(codes)('has a code in kebab-case, a title without a full stop and a retry for %s', (code) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(catalogue[code].title).toMatch(/^[A-Z].*[^.]$/)
    expect(['never', 'later']).toContain(catalogue[code].retry)
  })

  it('lets a retry help exactly where the outcome depends on the moment', () => {
    const later = codes.filter((code) => catalogue[code].retry === 'later')
    expect(later).toEqual([
      'conflict',
      'position-not-reached',
      'overloaded',
      'not-sealed',
      'archive-unavailable',
      'unavailable',
      'timeout',
      'internal',
    ])
  })
})

describe('DaybookError', () => {
  it('knows from its code whether a retry helps', () => {
    expect(new DaybookError('seq-conflict', 'Reload the stream.').retry).toBe('never')
    expect(new DaybookError('unavailable', 'Try again.').retry).toBe('later')
  })

  it('keeps its cause and its details', () => {
    const cause = new Error('refused')
    const error = new DaybookError('unavailable', 'Start Postgres.', { cause, details: { port: 5432 } })
    expect(error).toBeInstanceOf(Error)
    expect(error.cause).toBe(cause)
    expect(error.details).toEqual({ port: 5432 })
    expect(error.name).toBe('DaybookError')
  })

  it('has no cause and no details when none are given', () => {
    const error = new DaybookError('internal', 'Look at the log.')
    expect('cause' in error).toBe(false)
    expect(error.details).toBeUndefined()
  })
})

describe('toProblem', () => {
  it('says what a DaybookError says', () => {
    const error = new DaybookError('seq-conflict', 'The stream is at 7.', { details: { actual: 7 } })
    expect(toProblem(error)).toEqual({
      type: 'urn:daybook:error:seq-conflict',
      title: 'The stream is not where the request expects it',
      code: 'seq-conflict',
      detail: 'The stream is at 7.',
      retry: 'never',
      details: { actual: 7 },
    })
  })

  it.each([
    new Error('connect postgres://user:secret@db'),
    Object.assign(new Error('boom'), { code: 'seq-conflict', details: { secret: 1 } }),
    'secret text',
    undefined,
    { code: 'not-found', detail: 'secret' },
  ])('leaks nothing of any other error (%#)', (error) => {
    const problem = toProblem(error)
    expect(problem.code).toBe('internal')
    expect(JSON.stringify(problem)).not.toMatch(/secret|boom|postgres:/)
  })

  it('leaks nothing of the cause', () => {
    const cause = new Error('password=secret')
    expect(JSON.stringify(toProblem(new DaybookError('unavailable', 'Try again.', { cause })))).not.toContain(
      'secret',
    )
  })
})

describe('fromProblem', () => {
  it.each(codes)('gives back the error of a problem with code %s', (code) => {
    const error = fromProblem(JSON.parse(JSON.stringify(toProblem(new DaybookError(code, 'What to do.')))))
    expect([error.code, error.message, error.retry]).toEqual([code, 'What to do.', catalogue[code].retry])
  })

  it('keeps the details', () => {
    expect(fromProblem({ code: 'seq-conflict', detail: 'x', details: { actual: 7 } }).details).toEqual({
      actual: 7,
    })
  })

  it('makes a code of a newer version internal and keeps its detail', () => {
    const error = fromProblem({ code: 'of-another-time', detail: 'Another worker has it.' })
    expect([error.code, error.message]).toEqual(['internal', 'Another worker has it.'])
  })

  it.each([undefined, null, 'text', 7, [], {}, { code: 'toString' }, { code: 5, detail: 6, details: [] }])(
    'takes anything for an error without throwing (%#)',
    (value) => {
      expect(fromProblem(value)).toMatchObject({ code: 'internal', message: expect.any(String) })
    },
  )
})
