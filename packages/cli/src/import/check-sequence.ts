import type { Finding } from './finding.ts'
import { type EventName, isObject } from './journal-files.ts'
import { readJsonFile } from './json-file.ts'
import type { RunDirectory } from './read-directory.ts'

/** Whether the files follow each other, by their names alone: seq 1, 2, 3 … without a hole, and ULIDs that only grow. */
export function checkSequence(names: readonly EventName[]): Finding[] {
  const findings: Finding[] = []
  let previous: EventName | undefined
  for (const name of names) {
    const expected = (previous?.seq ?? 0) + 1
    if (name.seq === previous?.seq) {
      findings.push({
        file: name.file,
        code: 'duplicate-seq',
        detail: `has the same sequence number as ${previous.file}`,
      })
    } else if (name.seq > expected) {
      findings.push({
        file: name.file,
        code: 'gap',
        detail: `comes where ${expected} is expected: ${missing(expected, name.seq)}`,
      })
    }
    if (previous !== undefined && name.ulid <= previous.ulid) {
      findings.push({
        file: name.file,
        code: 'ulid-order',
        detail: `has a ULID that is not greater than that of ${previous.file}`,
      })
    }
    previous = name
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
export function checkTail(directory: RunDirectory, names: readonly EventName[]): Finding[] {
  const cache = readJsonFile(directory, 'state/state.json')
  const head = cache.ok && isObject(cache.value) ? cache.value['journalHead'] : undefined
  const seq = isObject(head) ? head['seq'] : undefined
  const last = names.at(-1)?.seq ?? 0
  if (typeof seq !== 'number' || seq <= last) return []
  return [
    {
      file: 'state/state.json',
      code: 'lost-tail',
      detail: `knows ${seq} events, but the journal ends at ${last}`,
    },
  ]
}
