import { DaybookError } from '@daybook/errors'
import { authorized } from '../servers.ts'

/** Reads an answer of the gateway, whole; throws for anything but a success. */
export async function readText(url: string): Promise<string> {
  const response = await fetch(url, { headers: authorized })
  const text = await response.text()
  if (response.ok) return text
  throw new DaybookError('unavailable', `${url} answered ${response.status}: ${text.slice(0, 500)}`)
}

/** What a live tail of the run took. */
export interface TailFigures {
  firstMs: number
  seconds: number
  events: number
}

/** Opens a live tail behind `after` and reads until it has had the event `last`, by seq, of which none may be missing. */
export async function readTail(url: string, after: number, last: number): Promise<TailFigures> {
  const hangUp = new AbortController()
  const startedAt = performance.now()
  const response = await fetch(`${url}?after=${after}`, {
    headers: { accept: 'text/event-stream', ...authorized },
    signal: hangUp.signal,
  })
  if (!response.ok || response.body === null)
    throw new DaybookError('unavailable', `The live tail answered ${response.status}.`)
  let [rest, firstMs, seq] = ['', 0, after]
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + chunk).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      // Looks for the seq only: parsing the events would measure the reader.
      const found = /"seq":(\d+)/.exec(frame)?.[1]
      if (found === undefined) continue
      if (seq === after) firstMs = performance.now() - startedAt
      seq += 1
      if (Number(found) !== seq) throw new TypeError(`the live tail gave ${found} in the place of ${seq}`)
    }
    if (seq >= last) break
  }
  hangUp.abort()
  return { firstMs, seconds: (performance.now() - startedAt) / 1_000, events: seq - after }
}
