import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requireGrantable } from '../src/tokens/grant.ts'
import { hashOf, isSecret, makeToken, parseToken, textOf } from '../src/tokens/token.ts'

describe('a token', () => {
  it('is read as it was made, each another one', () => {
    const texts = Array.from({ length: 1_000 }, () => {
      const token = makeToken()
      const text = textOf(token)
      expect(text).toMatch(/^dbk_[a-z0-9]{13}_[a-z0-9]{50}$/)
      expect(parseToken(text)).toEqual(token)
      return text
    })
    expect(new Set(texts).size).toBe(1_000)
  })

  it('is nothing else that one could send', () => {
    fc.assert(fc.property(fc.string(), (text) => parseToken(text) === undefined))
    for (const text of [
      'dbk_',
      'dbk_a_b',
      `dbk_${'a'.repeat(13)}_${'b'.repeat(31)}`,
      ` ${textOf(makeToken())}`,
    ])
      expect(parseToken(text)).toBeUndefined()
  })

  it('has a secret that no other text is', () => {
    const { secret } = makeToken()
    expect(isSecret(secret, hashOf(secret))).toBe(true)
    fc.assert(fc.property(fc.string(), (text) => !isSecret(text, hashOf(secret))))
  })
})

describe('nobody hands on what they may not do', () => {
  const caller = { tenant: 'main', actor: { kind: 'user', id: 'ann' } } as const

  it.each([
    [['read'], ['read'], true],
    [['read'], ['append'], false],
    [['read', 'append'], ['append', 'read'], true],
    [['approve'], ['admin'], false],
    [['admin'], ['read', 'append', 'approve', 'admin'], true],
  ] as const)('who has %j may grant %j: %j', (own, wanted, is) => {
    const grant = () => requireGrantable({ ...caller, scopes: own }, wanted)
    if (is) expect(grant).not.toThrow()
    else expect(grant).toThrow('You cannot grant what you may not do')
  })
})
