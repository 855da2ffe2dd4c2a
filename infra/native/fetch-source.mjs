// node infra/native/fetch-source.mjs <package> <folder>: a source package from the machine's own Debian mirror.
import { downloadDebianSource } from '../bootstrap/debian-archive.mjs'
import { messageOf } from '../bootstrap/setup-problem.mjs'

const [name = '', folder = ''] = process.argv.slice(2)
try {
  // The stable suite first: what it holds does not change from one day to the next.
  await downloadDebianSource({ name, suites: ['trixie', 'sid'] }, folder)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
