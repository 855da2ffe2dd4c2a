import { describe, expect, it } from 'vitest'
import { daybook } from './command-line.ts'

const commands = [
  'up',
  'run:import',
  'run:export',
  'run:list',
  'run:events',
  'run:status',
  'run:diff',
  'session:diff',
  'task:list',
  'approvals:list',
  'approvals:show',
  'approvals:approve',
  'approvals:deny',
  'approvals:export',
  'approvals:verify',
  'inbound:list',
  'inbound:show',
  'inbound:receive',
  'inbound:requeue',
  'inbound:dismiss',
  'inbound:replay',
  'inbound:stats',
  'inbound:export',
  'cron:create',
  'cron:update',
  'cron:list',
  'cron:show',
  'cron:history',
  'cron:next',
  'cron:preview',
  'cron:run-now',
  'cron:backfill',
  'cron:approve',
  'cron:dismiss',
  'cron:cancel',
  'cron:pause',
  'cron:resume',
  'cron:delete',
  'events:append',
  'events:tail',
  'dead-letters:list',
  'dead-letters:show',
  'dead-letters:requeue',
  'dead-letters:dismiss',
  'dead-letters:export',
  'schema:list',
  'schema:show',
  'schema:add',
  'schema:types',
  'verify',
  'stream:export',
  'health',
]

describe('help', () => {
  it('lists every command and exits with 0', async () => {
    const { exitCode, stdout } = await daybook(['--help'])
    expect(exitCode).toBe(0)
    for (const command of commands) expect(stdout).toContain(`  ${command}`)
  })

  it.each(commands)('of %s has an example', async (command) => {
    const { exitCode, stdout, stderr } = await daybook([command, '--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/Examples?:\n.*daybook /)
    expect(stdout).toContain('--url <url>')
  })

  it('is bad usage when no command is given', async () => {
    const { exitCode, stdout, stderr } = await daybook([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('Usage: daybook')
  })

  it('has a version', async () => {
    expect(await daybook(['--version'])).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' })
  })
})

describe('bad usage exits with 2, says nothing on stdout, and one sentence on stderr:', () => {
  it.each([
    [
      ['run:lst'],
      /unknown command 'run:lst' \(Did you mean run:list\?\) See: daybook --help \[invalid-usage\]/,
    ],
    [['run:import', '.', '--strict', '--lenient'], /'--strict' cannot be used with option '--lenient'/],
    [['run:export', 'r', '--format', 'pdf'], /Allowed choices are files, jsonl, csv, bundle/],
    [
      ['run:list', '--limt', '3'],
      /unknown option '--limt' \(Did you mean --limit\?\) See: daybook run:list --help/,
    ],
    [['run:list', '--limit', '0'], /must be a whole number from 1 on/],
    [['run:list', '--limit', '3.5'], /must be a whole number from 1 on/],
    [['run:events'], /missing required argument 'runId'/],
    [['run:events', 'r1', 'r2'], /too many arguments/],
    [['run:events', 'r1', '--follow', '--reverse'], /--follow goes forward in time/],
    [['run:import'], /missing required argument 'dir'/],
    [['dead-letters:requeue', '01K'], /required option '--reason <text>' not specified/],
    [
      ['dead-letters:requeue', '--reason', 'x'],
      /Name the dead letters by their ids, or choose them by --all/,
    ],
    [['dead-letters:dismiss', '01K', '--all', '--reason', 'x'], /by their ids, or choose them by --all/],
    [['inbound:list', '--state', 'open'], /Allowed choices are pending, claimed, replying, completed, dead/],
    [['inbound:requeue', '--reason', 'x'], /Name the messages by their keys, or choose them by --all/],
    [['inbound:dismiss', 'k', '--all', '--reason', 'x'], /by their keys, or choose them by --all/],
    [['inbound:requeue', '--all'], /required option '--reason <text>' not specified/],
    [['inbound:requeue', '--all', '--state', 'pending', '--reason', 'x'], /Allowed choices are dead/],
    [['inbound:receive', 'telegram', 'bot', '4711', '1'], /as JSON, as - for standard input, or as --file/],
    [['inbound:receive', 'telegram', 'bot', '4711', '1', '{}', '--file', 'x'], /as JSON, as - for/],
    [['inbound:receive', 'telegram', 'bot', '4711'], /missing required argument 'message-id'/],
    [['inbound:replay', '--rate', '0'], /must be a whole number from 1 on/],
    [['inbound:stats', '--watch', '0'], /must be a whole number from 1 to 3600/],
    [['cron:create', 'n', '--deliver'], /Say when: --cron, --every, --at/],
    [['cron:create', 'n', '--every', '1h'], /Say what: --run, --append, --publish, --deliver/],
    [['cron:create', 'n', '--every', '5'], /must be as in 500ms, 90s/],
    [['cron:create', 'n', '--misfire', 'never'], /Allowed choices are skip, run-once, catch-up, review/],
    [['cron:update', 'n'], /Say what is to be otherwise/],
    [['cron:update', 'n', '--without', 'action'], /--without takes of these: description, startAt/],
    [['cron:preview'], /Say when: --cron, --every or --at/],
    [['cron:next', 'n', '-n', '101'], /must be a whole number from 1 to 100/],
    [['cron:backfill', 'n', '--from', '7d'], /required option '--to <when>' not specified/],
    [['cron:approve', 'n'], /Name the runs, or choose them by --all/],
    [['cron:cancel', 'n', 'r', '--all'], /Name the runs, or choose them by --all/],
    [['cron:pause'], /missing required argument 'names'/],
    [['token:create', '--name', 'x', '--scope', 'read', '--actor', 'service:'], /It must name somebody/],
    [['token:create', '--name', 'x', '--scope', 'read,write'], /must be of read, append, approve, admin/],
    [['token:create', '--name', 'x', '--scope', 'read', '--ttl', '30'], /a number with m, h or d/],
    [['token:create', '--name', 'x', '--scope', 'read', '--ttl', '0d'], /a number with m, h or d/],
    [['token:list', '--token-file', 'nowhere'], /Cannot read the token file nowhere/],
    [['dead-letters:list', '--status', 'new'], /Allowed choices are open, requeued, dismissed, all/],
    [['events:tail', '--kinds', 'run,,import'], /list with commas and without empty parts/],
    [['events:tail', '--after', '-1'], /must be a whole number from 0 on/],
    [['up', '--port', 'http'], /must be a whole number from 1 to 65535/],
    [['up', '--port', '65536'], /must be a whole number from 1 to 65535/],
    [['health', '--url', 'localhost:7400'], /--url must begin with http:\/\/ or https:\/\//],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await daybook(args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('with --json as a problem object', async () => {
    const { exitCode, stdout, stderr } = await daybook(['run:list', '--limit', 'x', '--json'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({
      type: 'urn:daybook:error:invalid-usage',
      code: 'invalid-usage',
      retry: 'never',
    })
  })

  it('also when DAYBOOK_URL is none', async () => {
    const { exitCode, stderr } = await daybook(['health'], { env: { DAYBOOK_URL: 'ftp://x' } })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('DAYBOOK_URL must begin with http://')
  })
})
