import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert, constantFrom, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAnyOf } from '../src/hooks/constant-time.ts'

describe('the comparison', () => {
  it('finds an equal value among others of any length, and no other', () => {
    const bytes = uint8Array({ maxLength: 80 })
    assert(
      property(bytes, bytes, constantFrom(0, 1), (one, other, place) => {
        const isSame = Buffer.compare(one, other) === 0
        expect(isAnyOf([one], [other])).toBe(isSame)
        expect(isAnyOf([one], [])).toBe(false)
        expect(isAnyOf(place === 0 ? [one, other] : [other, one], [one])).toBe(true)
      }),
    )
  })

  it('is in one place: no scheme compares what a sender must not guess in its own way', () => {
    const folder = join(import.meta.dirname, '../src/hooks')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    const textOf = (name: string) => readFileSync(join(folder, name), 'utf8')
    const users = files.filter((name) => textOf(name).includes('timingSafeEqual'))
    expect(users).toEqual(['constant-time.ts'])
    expect(textOf('constant-time.ts')).toContain('isFound = timingSafeEqual(')
    expect(files.filter((name) => name.startsWith('schemes/')).length).toBeGreaterThan(6)
    const otherWays =
      /\.equals\(|\.compare\(|digest\('|localeCompare|(?<!typeof )(given|signature|value) === (?!undefined)/
    expect(files.filter((name) => otherWays.test(textOf(name)))).toEqual([])
  })
})
