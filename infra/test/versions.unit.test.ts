import { describe, expect, it } from 'vitest'
import { isAtLeast, parseVersion } from '../bootstrap/versions.mjs'

describe('parseVersion', () => {
  it.each([
    ['nats-server: v2.15.1', [2, 15, 1]],
    ['24.21.0', [24, 21, 0]],
    ['PostgreSQL 17', undefined],
    ['', undefined],
  ])('reads %j as %j', (text, version) => {
    expect(parseVersion(text)).toEqual(version)
  })
})

describe('isAtLeast', () => {
  it.each([
    ['2.14.3', '2.14.3', true],
    ['v2.15.0', '2.14.3', true],
    ['2.9.10', '2.14.3', false],
    ['2.14', '2.14.3', false],
    ['22.22.0', '22.22', true],
    ['20.20.2', '22.22', false],
    ['no version', '2.14.3', false],
  ])('compares %s with %s by number: %s', (text, floor, expected) => {
    expect(isAtLeast(text, floor)).toBe(expected)
  })
})
