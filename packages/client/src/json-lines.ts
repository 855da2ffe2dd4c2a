import { readLines } from '@daybook/events'
import { oneOf } from './answers.ts'
import { connectionError } from './connection-error.ts'
import type { Http, HttpRequest } from './http.ts'
import { parseAnswer } from './parse-answer.ts'

export interface JsonLinesOptions<Item> {
  readonly isItem: (value: unknown) => value is Item
  readonly signal: AbortSignal
}

/**
 * The items of an answer in JSON Lines, as they come: a slow reader slows the server down. An answer that breaks off ends
 * with an error, never as if it were whole.
 */
export async function* readJsonLines<Item>(
  http: Http,
  request: HttpRequest,
  { isItem, signal }: JsonLinesOptions<Item>,
): AsyncGenerator<Item, void, undefined> {
  const hangUp = new AbortController()
  const response = await http.openStream(request, AbortSignal.any([signal, hangUp.signal]))
  const { origin } = new URL(response.url)
  try {
    for await (const line of readLines(response.body ?? new ReadableStream<Uint8Array>())) {
      yield oneOf(parseAnswer(line, origin), isItem)
    }
  } catch (cause) {
    throw connectionError(cause, 'GET', new URL(response.url))
  } finally {
    hangUp.abort()
  }
}
