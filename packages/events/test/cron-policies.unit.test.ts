import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Case, outcomeOf } from './cron-policies.ts'

// Each line: concurrency | misfire | what became of the run of 01:00 | when the service looks again | what it decides.
const table = readFileSync(new URL('cron-policies.txt', import.meta.url), 'utf8')
const lines = table.trimEnd().split('\n')

const names = {
  concurrency: ['forbid', 'replace', 'queue-one', 'allow'],
  misfire: ['skip', 'run-once', 'catch-up', 'review'],
  last: ['ended', 'active', 'stuck'],
  look: ['on time', 'late', 'missed 1', 'missed 3', 'missed 100'],
} as const

function find<Name extends string>(known: readonly Name[], text: string | undefined): Name {
  const found = known.find((name) => name === text)
  if (found === undefined) throw new Error(`the table says ${text}`)
  return found
}

function readLine(line: string): Case & { expected: string } {
  const [concurrency, misfire, last, look, expected = ''] = line.split(' | ')
  return {
    concurrency: find(names.concurrency, concurrency),
    misfire: find(names.misfire, misfire),
    last: find(names.last, last),
    look: find(names.look, look),
    expected,
  }
}

describe('the policies of a job', () => {
  it('has a line for each case', () => {
    const cases = Object.values(names).reduce((product, { length }) => product * length, 1)
    expect(new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' | ')))).size).toBe(cases)
  })

  it.each(lines)('%s', (line) => {
    const { expected, ...one } = readLine(line)
    expect(outcomeOf(one)).toBe(expected)
  })
})
