// Makes a fresh machine ready for Daybook and runs one command there. Plain JavaScript for any Node from 18 on, since it
// is what brings the right Node. Each step asks whether its work is done already: then it takes no time.

import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandFailed, handOver } from './bootstrap/commands.mjs'
import { ensureNatsServer } from './bootstrap/nats-server.mjs'
import { findBetterNode } from './bootstrap/node.mjs'
import { ensurePnpm } from './bootstrap/pnpm.mjs'
import { report, withStartTime } from './bootstrap/progress.mjs'
import { adviceFor, messageOf, SetupProblem } from './bootstrap/setup-problem.mjs'
import { printNothingTested, runTests } from './bootstrap/test-run.mjs'
import { build, installPackages, linkNode } from './bootstrap/workspace.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const USAGE = `Usage: node infra/bootstrap.mjs <command> [arguments]
  start   sets up and starts Daybook on this machine
  test    sets up, then lint, type check and all tests; arguments go to vitest
  bench   sets up and runs a benchmark
  setup   sets up only
  pnpm    runs the pinned pnpm, for example to add a dependency
`

/**
 * What a command does once the machine is ready. Each returns the exit code.
 * @typedef {{ pnpm: { path: string, version: string }, env: NodeJS.ProcessEnv }} Tools
 * @type {Record<string, (tools: Tools, args: string[]) => number | Promise<number>>}
 */
const commands = {
  start: ({ env }, args) => runProgram('packages/cli/bin/daybook.mjs', ['up', ...args], env),
  test: ({ pnpm, env }, args) => runTests({ root, pnpm: pnpm.path, env }, args),
  bench: ({ env }, args) => runProgram('bench/dist/main.js', args, env),
  setup: () => 0,
  pnpm: ({ pnpm, env }, args) => handOver(pnpm.path, args, { cwd: root, env }),
}

const [name = '', ...rest] = process.argv.slice(2)
const args = rest[0] === '--' ? rest.slice(1) : rest
process.exitCode = await main(name, args)

/**
 * @param {string} name
 * @param {string[]} args
 */
async function main(name, args) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    process.stderr.write(USAGE)
    return 2
  }
  try {
    if (process.platform === 'win32') throw new SetupProblem('Windows is not supported: run this inside WSL.')
    const node = await findBetterNode(process.env)
    if (node) return await continueUnder(node)
    const tools = await findTools()
    return await command(name === 'pnpm' ? tools : await makeReady(name, tools), args)
  } catch (error) {
    const { cause } = Object(error)
    if (cause instanceof CommandFailed) process.stderr.write(`${cause.output}\n`)
    process.stderr.write(`daybook: ${sentenceFor(error)}\n`)
    if (name === 'test') printNothingTested()
    return 1
  }
}

/**
 * Runs this same command under another Node.
 * @param {string} node
 */
function continueUnder(node) {
  const env = withStartTime({ ...process.env, PATH: withFirst(dirname(node), process.env.PATH) })
  return handOver(node, process.argv.slice(1), { env })
}

/**
 * The pinned pnpm, and an environment in which it and this Node are the ones found.
 * @returns {Promise<Tools>}
 */
async function findTools() {
  const pnpm = await ensurePnpm(root, process.env)
  const folders = [dirname(process.execPath), dirname(pnpm.path)].join(delimiter)
  return { pnpm, env: { ...process.env, PATH: withFirst(folders, process.env.PATH) } }
}

/**
 * @param {string} name of the command
 * @param {Tools} tools
 * @returns {Promise<Tools>}
 */
async function makeReady(name, { pnpm, env }) {
  await installPackages(root, pnpm, env)
  await linkNode(root)
  await build(root, env)
  // Tests start and kill servers of their own, so they need the program whatever runs elsewhere.
  const needsServer = name === 'test' || !env.NATS_URL
  const path = needsServer ? { DAYBOOK_NATS_SERVER: await ensureNatsServer(env) } : {}
  report('setup', 'ready')
  return { pnpm, env: { ...env, ...path } }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function runProgram(program, args, env) {
  return handOver(process.execPath, [join(root, program), ...args], { env })
}

/**
 * @param {string} folders
 * @param {string | undefined} path
 */
function withFirst(folders, path) {
  return path ? `${folders}${delimiter}${path}` : folders
}

/** @param {unknown} error */
function sentenceFor(error) {
  const text = messageOf(error)
  return error instanceof SetupProblem
    ? text
    : `${text}. ${adviceFor(text, 'This should not happen: please report it.')}`
}
