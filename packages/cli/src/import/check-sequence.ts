import type { Finding } from './finding.ts'
import { isObject, type OriginalEvent } from './journal-files.ts'
import { readJsonFile } from './json-file.ts'
import type { RunDirectory } from './read-directory.ts'

/** Whether the events follow each other: seq 1, 2, 3 … without a hole, and ULIDs that only grow. */
export function checkSequence(events: readonly OriginalEvent[]): Finding[] {
  const findings: Finding[] = []
  let previous: OriginalEvent | undefined
  for (const event of events) {
    const expected = (previous?.seq ?? 0) + 1
    if (event.seq === previous?.seq) {
      findings.push({ file: event.file, code: 'duplicate-seq', detail: `has the same sequence number as ${previous.file}` })
    } else if (event.seq > expected) {
      findings.push({ file: event.file, code: 'gap', detail: `comes where ${expected} is expected: ${missing(expected, event.seq)}` })
    }
    if (previous !== undefined && event.ulid <= previous.ulid) {
      findings.push({ file: event.file, code: 'ulid-order', detail: `has a ULID that is not greater than that of ${previous.file}` })
    }
    previous = event
  }
  return findings
}

function missing(from: number, to: number): string {
  return to - from === 1 ? `${from} is missing` : `${from} to ${to - 1} are missing`
}

/**
 * A cut-off end leaves no hole. But the tool's cache names the last event it saw: it may lag behind the journal, never lead it.
 * A cache that is missing or unreadable says nothing; the tool makes it again.
 */
export function checkTail(directory: RunDirectory, events: readonly OriginalEvent[]): Finding[] {
  const cache = readJsonFile(directory, 'state/state.json')
  const head = cache.ok && isObject(cache.value) ? cache.value['journalHead'] : undefined
  const seq = isObject(head) ? head['seq'] : undefined
  const last = events.at(-1)?.seq ?? 0
  if (typeof seq !== 'number' || seq <= last) return []
  return [{ file: 'state/state.json', code: 'lost-tail', detail: `knows ${seq} events, but the journal ends at ${last}` }]
}
