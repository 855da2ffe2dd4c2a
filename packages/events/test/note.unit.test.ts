import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint, signCheckpoint } from '../src/note/checkpoint.ts'
import { generateSignerKey, parseSignerKey, parseVerifierKey } from '../src/note/key.ts'
import { openNote, signNote, splitNotes } from '../src/note/note.ts'
import { refusalOf } from './refusal.ts'

const codeOf = (act: () => unknown): string => refusalOf(act).code

// From the tests of golang.org/x/mod/sumdb/note, the first implementation of signed notes.
const verifierText = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const signerText = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const words =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const note = `${words}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

const peter = parseVerifierKey(verifierText)

describe('a signed note', () => {
  it('is the published one, byte for byte', () => {
    const signer = parseSignerKey(signerText)
    expect(signNote(words, signer)).toBe(note)
    expect(signer.verifier.text).toBe(verifierText)
  })

  it('opens with the published key', () => {
    expect(openNote(note, [peter])).toEqual({ text: words, signers: [peter] })
  })

  it('opens also among signatures of unknown keys, and not without a known one', () => {
    const other = generateSignerKey('example.com/other').key
    const cosigned = `${note}${signNote(words, other).split('\n').at(-2)}\n`
    expect(openNote(cosigned, [peter])).toMatchObject({ text: words, signers: [peter] })
    expect(openNote(cosigned, [other.verifier, peter])).toMatchObject({ signers: [peter, other.verifier] })
    expect(openNote(note, [other.verifier])).toEqual({ reason: 'no key that is trusted has signed it' })
    expect(openNote(note, [])).toEqual({ reason: 'no key that is trusted has signed it' })
  })

  it('does not open once any character of it was changed', () => {
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(note[at] !== character)
        expect(openNote(note.slice(0, at) + character + note.slice(at + 1), [peter])).toHaveProperty('reason')
      }),
      // The bits before the padding, which stand for nothing.
      { examples: [[note.indexOf('M=\n'), 'N']] },
    )
  })

  it('does not open when it is cut, has no signature, or holds control characters', () => {
    for (const text of ['', '\n', words, `${words}\n`, note.slice(0, -1), note.slice(0, -2), `\u0000${note}`])
      expect(openNote(text, [peter])).toEqual({ reason: 'it is not a signed note' })
  })

  it('is told from its neighbours in a file of many', () => {
    const { key } = generateSignerKey('example.com/other')
    const one = signNote('one\n', key)
    const cosigned = `${signNote('two\n\nlines\n', key)}— other AAAA\n`
    expect(splitNotes(one + cosigned + one)).toEqual([one, cosigned, one])
    expect(splitNotes(`${one}\n\n${one}`)).toEqual([one, one])
    expect(splitNotes(`${one}${cosigned.slice(0, 6)}`)).toEqual([one])
    expect(splitNotes('')).toEqual([])
  })
})

describe('a key', () => {
  it('comes back from its text', () => {
    const { key, secret } = generateSignerKey('example.com/journal')
    expect(parseSignerKey(`${secret}\n`).verifier.text).toBe(key.verifier.text)
    expect(
      openNote(signNote('a\n', parseSignerKey(secret)), [parseVerifierKey(key.verifier.text)]),
    ).toMatchObject({
      text: 'a\n',
    })
  })

  it('has the published id', () => {
    const text = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    expect(parseVerifierKey(text)).toMatchObject({ name: 'example.com/foo', id: '530d903a', text })
  })

  it('is refused whole when any part of it is missing or wrong, and never repeated in the message', () => {
    for (let length = 0; length < verifierText.length; length += 1)
      expect(codeOf(() => parseVerifierKey(verifierText.slice(0, length)))).toBe('invalid-usage')
    const bad = [
      verifierText.replace('c74f', 'c74e'),
      verifierText.replace('+AR', '+BR'),
      `${verifierText}=`,
      'a b+1+2',
    ]
    for (const text of bad) expect(codeOf(() => parseVerifierKey(text))).toBe('invalid-usage')
    expect(() => parseSignerKey(signerText.slice(0, -1))).toThrow(/^(?!.*AYEK)/)
    expect(codeOf(() => parseSignerKey(verifierText))).toBe('invalid-usage')
    expect(codeOf(() => generateSignerKey('with blank'))).toBe('invalid-usage')
  })
})

describe('a checkpoint', () => {
  it('reads as the published example', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    expect(readCheckpoint(text)).toEqual({
      origin: 'example.com/behind-the-sofa',
      size: 20_852_163,
      root: Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64'),
    })
  })

  it('comes back from its note, and only from one', () => {
    const { key } = generateSignerKey('example.com/journal')
    const checkpoint = { origin: 'example.com/journal/1', size: 3, root: Buffer.alloc(32, 7) }
    const signed = signCheckpoint(checkpoint, key)
    expect(openCheckpoint(signed, [key.verifier])).toEqual({ checkpoint, signers: [key.verifier] })
    expect(openCheckpoint(signed.replace('\n3\n', '\n4\n'), [key.verifier])).toHaveProperty('reason')
    expect(openCheckpoint(signNote('a\n03\nAAAA\n', key), [key.verifier])).toEqual({
      reason: 'it is a signed note, and not a checkpoint',
    })
  })
})
