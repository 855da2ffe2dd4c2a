import { DaybookError } from '@daybook/errors'
import { Check } from 'typebox/value'
import { type Actor, actorSchema } from './envelope.ts'

/**
 * An actor as the last two words of a subject. NATS lets a holder of a token publish under the words of its own actor
 * and no others, so that whoever receives such a message knows who sent it, without asking anybody, and for as long as
 * the message is kept.
 */

/** `agent.worker%2E1`: an id is one word of plain ASCII, whatever it holds, and no two ids are the same word. */
export function actorWords({ kind, id }: Actor): string {
  // encodeURIComponent leaves alone what a subject cannot: a dot ends a word, an asterisk stands for any.
  const word = encodeURIComponent(id).replaceAll('.', '%2E').replaceAll('*', '%2A')
  return `${kind}.${word}`
}

/**
 * In whose name an append under this subject is made; undefined under a subject that names nobody, which only services
 * and admins may use. Code: invalid-request, for words that are no actor.
 */
export function actorOfSubject(subject: string): Actor | undefined {
  const words = subject.split('.')
  // daybook.queue.<tenant>.append and daybook.rpc.<tenant>.journal.append come before them.
  const named = words.slice(words[1] === 'queue' ? 4 : 5)
  if (named.length === 0) return undefined
  const actor = { kind: named[0], id: decodeWord(named[1] ?? '') }
  if (named.length === 2 && Check(actorSchema, actor)) return actor
  throw new DaybookError('invalid-request', 'The last words of the subject do not name an actor.')
}

function decodeWord(word: string): string | undefined {
  try {
    return decodeURIComponent(word)
  } catch {
    return undefined
  }
}
