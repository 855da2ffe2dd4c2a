import { cronSentences } from './cron-sentences.ts'
import { inboundSentences } from './inbound-sentences.ts'
import { otherSentences } from './other-sentences.ts'
import { runSentences } from './run-sentences.ts'
import type { Teller, Told } from './told.ts'
import { cut, shown } from './words.ts'

const tellers: ReadonlyMap<string, Teller> = new Map([
  ...runSentences,
  ...inboundSentences,
  ...cronSentences,
  ...otherSentences,
])

/** What an event says, as one line for people; of a type that Daybook does not know, the beginning of its data. */
export function sentenceOf(told: Told): string {
  const { event } = told
  if (event.erased !== undefined) return cut(`erased (${event.erased.erasureId})`)
  const tell = tellers.get(event.type)
  return cut(tell === undefined ? shown(event.data) : tell(event.data, told))
}
