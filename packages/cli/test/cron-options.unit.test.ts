import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { type DefinitionOptions, definitionOf, withDefinition } from '../src/cron/definition-input.ts'
import { durationOption } from '../src/duration-option.ts'
import { laterOption } from '../src/later-option.ts'
import type { Shell } from '../src/shell.ts'

const sink = { isTTY: false, write: async () => undefined }

/** What a command line tells a job; `stdin` is what is piped into it. */
async function definedBy(args: string, stdin = '') {
  const command = withDefinition(new Command().exitOverride().configureOutput({ writeErr: () => undefined }))
  // Words in quotes are one argument.
  const words = args.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? []
  command.parse(words, { from: 'user' })
  const shell: Shell = {
    stdin: (async function* () {
      yield new TextEncoder().encode(stdin)
    })(),
    stdout: sink,
    stderr: sink,
    env: {},
    cwd: '/nonexistent',
    signal: new AbortController().signal,
  }
  return await definitionOf(command.opts<DefinitionOptions>(), shell)
}

describe('the options of a job', () => {
  it.each([
    [
      "--cron '0 3 * * *' --timezone Europe/Berlin --dst skip --dom-dow and",
      { schedule: { cron: '0 3 * * *', timezone: 'Europe/Berlin', dst: 'skip', domDow: 'and' } },
    ],
    [
      '--every 90m --anchor 2026-11-22T00:05Z',
      { schedule: { everyMs: 5_400_000, anchor: '2026-11-22T00:05:00.000Z' } },
    ],
    ['--at 2026-12-24T18:00+01:00', { schedule: { at: '2026-12-24T17:00:00.000Z' } }],
    [
      `--run demo/digest --entrypoint digest.mjs#digest --inputs '{"hours":24}' --prompt 'be brief' --slot-as upTo`,
      {
        action: {
          do: 'run',
          processId: 'demo/digest',
          entrypoint: { importPath: 'digest.mjs', exportName: 'digest' },
          inputs: { hours: 24 },
          prompt: 'be brief',
          slotAs: 'upTo',
        },
      },
    ],
    [
      `--append reminder-due --stream user/ada --data '{"text":"call"}' --type-version 2`,
      { action: { do: 'append', type: 'reminder-due', stream: 'user/ada', data: { text: 'call' }, v: 2 } },
    ],
    [
      '--publish reports.monthly --payload 7',
      { action: { do: 'publish', subject: 'reports.monthly', payload: 7 } },
    ],
    ['--deliver --lease 30s', { action: { do: 'deliver', leaseMs: 30_000 } }],
    [
      '--concurrency replace --misfire catch-up --grace 5m --catch-up-limit 7 --jitter 30s --max-attempts 3 --backoff 1s',
      {
        concurrency: 'replace',
        misfire: 'catch-up',
        misfireGraceMs: 300_000,
        catchUpLimit: 7,
        jitterMs: 30_000,
        retry: { maxAttempts: 3, backoffMs: 1_000 },
      },
    ],
    [
      '--timeout 1h --cancel-timeout 10s --max-runs 9 --keep-runs 0 --keep-days 7 --start-at 2026-12-01 --end-at 2027-01-01 --description digest',
      {
        timeoutMs: 3_600_000,
        cancelTimeoutMs: 10_000,
        maxRuns: 9,
        keepRuns: 0,
        keepDays: 7,
        startAt: '2026-12-01T00:00:00.000Z',
        endAt: '2027-01-01T00:00:00.000Z',
        description: 'digest',
      },
    ],
  ])('%s', async (args, definition) => {
    expect(await definedBy(args)).toEqual(definition)
  })

  it('are said in addition to a file, and in its place', async () => {
    const file = JSON.stringify({ schedule: { cron: '0 3 * * *' }, action: { do: 'deliver' }, maxRuns: 5 })
    expect(await definedBy('--file - --every 1h --max-runs 9', file)).toEqual({
      schedule: { everyMs: 3_600_000 },
      action: { do: 'deliver' },
      maxRuns: 9,
    })
  })

  it.each([
    ["--cron '* * * * *' --every 1h", /one way: --cron, --every or --at/],
    ['--every 1h --timezone UTC', /go with --cron/],
    ['--at 2027-01-01 --anchor 2026-01-01', /--anchor goes with --every/],
    ['--deliver --publish a', /Say one thing to do/],
    ['--run demo/digest', /--run needs --entrypoint/],
    ['--append reminder-due', /--append needs --stream/],
    ['--append reminder-due --stream user/ada --data 7', /--data must be an object/],
    ['--publish a --lease 5m', /--lease does not go with this action/],
    ['--deliver --type-version 2', /--type-version does not go with this action/],
    ['--run a --entrypoint a#b --payload 1', /--payload does not go with this action/],
  ])('%s is refused', async (args, message) => {
    await expect(definedBy(args)).rejects.toMatchObject({ code: 'invalid-usage', message })
  })

  it('that are no JSON are refused by their name', async () => {
    await expect(definedBy('--deliver --payload {')).rejects.toThrow(/^--payload: /)
    await expect(definedBy('--file -', '[]')).rejects.toMatchObject({ code: 'invalid-usage' })
  })
})

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
  ])('%s', (text, ms) => {
    expect(durationOption(text)).toBe(ms)
  })

  it.each(['', '5', '5 m', '-5m', '5w', '1e3s'])('is not %j', (text) => {
    expect(() => durationOption(text)).toThrow(/as in 500ms/)
  })
})

describe('an instant to come', () => {
  it('is written, or so long from now', () => {
    expect(laterOption('2026-12-24T18:00+01:00')).toBe('2026-12-24T17:00:00.000Z')
    const ms = Date.parse(laterOption('+10m')) - Date.now()
    expect(Math.abs(ms - 600_000)).toBeLessThan(60_000)
    for (const text of ['10m', '2026-12-24T18:00', 'tomorrow', '+soon'])
      expect(() => laterOption(text)).toThrow(/It must be/)
  })
})
