import { describe, expect, it } from 'vitest'
import { momentOption } from '../src/moment-option.ts'
import { patchLines, standpointText, valueAt } from '../src/past.ts'

const nothing = () => undefined

describe('a patch as lines', () => {
  it('says what each thing was and is', () => {
    const before = { run: { status: 'waiting', effectsPending: 1 } }
    const lines = patchLines(
      [
        { op: 'replace', path: '/run/status', value: 'completed' },
        { op: 'add', path: '/run/endedAt', value: '2026-11-21T09:00:00.000Z' },
        { op: 'replace', path: '/effects/e1/status', value: 'resolved_ok' },
        { op: 'add', path: '/effects/e1/result', value: { ok: true } },
        { op: 'add', path: '/effects/e2', value: { kind: 'node' } },
        { op: 'remove', path: '/effects/e3' },
      ],
      (path) => valueAt(before, path),
    )
    expect(lines).toEqual([
      '  run',
      '~   status: waiting → completed',
      '+   endedAt: 2026-11-21T09:00:00.000Z',
      '  effect e1',
      '~   status: resolved_ok',
      '+   result: {"ok":true}',
      '+ effect e2 {"kind":"node"}',
      '- effect e3',
    ])
  })

  it('shows names of any making, and obeys none', () => {
    const hostile = '/effects/a~1b~0c\u001b[31m/result/__proto__'
    const [subject = '', line = ''] = patchLines([{ op: 'add', path: hostile, value: '\u001b[0m' }], nothing)
    expect(subject).toBe('  effect a/b~c\\u001b[31m')
    expect(line).toBe('+   result.__proto__: \\u001b[0m')
  })

  it('cuts long values', () => {
    const [line = ''] = patchLines([{ op: 'add', path: '/effects/e', value: 'x'.repeat(1_000) }], nothing)
    expect(line).toHaveLength('+ effect e '.length + 80)
  })

  it('finds what was there by own members only', () => {
    expect(valueAt({ run: {} }, ['run', 'constructor'])).toBeUndefined()
    expect(valueAt(JSON.parse('{"run":{"__proto__":1}}'), ['run', '__proto__'])).toBe(1)
  })
})

describe('a moment', () => {
  it('is a seq or an instant', () => {
    expect(momentOption('12')).toBe(12)
    expect(momentOption('2026-11-21')).toBe('2026-11-21T00:00:00.000Z')
    expect(() => momentOption('yesterday')).toThrow(/It must be/)
    expect(() => momentOption('9'.repeat(20))).toThrow(/so large/)
  })

  it('is told with its event', () => {
    expect(standpointText({ seq: 3, recordedAt: '2026-11-21T09:00:00.000Z' }, 7)).toBe(
      'event 3 of 7, recorded 2026-11-21T09:00:00.000Z',
    )
    expect(standpointText({ seq: 0, recordedAt: null })).toBe('before the first event')
  })
})
