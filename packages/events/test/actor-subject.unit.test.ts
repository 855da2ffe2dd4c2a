import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Actor, actorOfSubject, subjects } from '../src/index.ts'

const actors: fc.Arbitrary<Actor> = fc.record({
  kind: fc.constantFrom('agent', 'user', 'service', 'schedule'),
  id: fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((id) => !/\p{Cc}/u.test(id) && id.length <= 200),
})

describe('the actor in a subject', () => {
  it.each(['main', 'append', 'queue'])('is read back as it was, in tenant %s', (tenant) => {
    fc.assert(
      fc.property(actors, (actor) => {
        expect(actorOfSubject(subjects.appendBy(tenant, actor))).toEqual(actor)
        expect(actorOfSubject(subjects.appendQueueBy(tenant, actor))).toEqual(actor)
      }),
    )
  })

  it('is two words of ASCII without wildcards, whatever the id holds', () => {
    fc.assert(
      fc.property(actors, (actor) => {
        const words = subjects.appendBy('main', actor).split('.').slice(5)
        expect(words).toHaveLength(2)
        expect(words.join('')).toMatch(/^[!-~]+$/)
        expect(words.join('')).not.toMatch(/[*>\s]/)
      }),
    )
  })

  it('is nobody where the subject ends before it', () => {
    expect(actorOfSubject(subjects.rpc('append', 'journal', 'append'))).toBeUndefined()
    expect(actorOfSubject(subjects.appendQueue('append'))).toBeUndefined()
  })

  it.each([
    ['one word', 'daybook.queue.main.append.agent'],
    ['three words', 'daybook.queue.main.append.agent.a.b'],
    ['an unknown kind', 'daybook.rpc.main.journal.append.robot.a'],
    ['no id', 'daybook.rpc.main.journal.append.agent.'],
    ['half an escape', 'daybook.rpc.main.journal.append.agent.%2'],
    ['a control character', 'daybook.rpc.main.journal.append.agent.%0A'],
  ])('is refused as %s', (_what, subject) => {
    expect(() => actorOfSubject(subject)).toThrow(expect.objectContaining({ code: 'invalid-request' }))
  })
})
