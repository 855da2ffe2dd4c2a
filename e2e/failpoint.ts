/**
 * Loaded before a service's own code (`node --import`): ends or stops the process when it passes one of its failpoints
 * for the n-th time. Which one stands in the file that DAYBOOK_FAILPOINT_FILE names; the file is removed when it
 * happens, so that the next start of the same process is a sound one.
 */
import { subscribe } from 'node:diagnostics_channel'
import { existsSync, readFileSync, rmSync } from 'node:fs'

export interface Failpoint {
  /** Such as `relay.after-publish`: a channel of the services' `failpoints.ts`, without `daybook.` before it. */
  at: string
  /** At which passing it happens; 1 is the first. */
  passing: number
  /** SIGSTOP stops the process where it is, until somebody sends SIGCONT. */
  signal: 'SIGKILL' | 'SIGSTOP'
  /** Not at once, but when what comes next is on its way: the outcome is then unknown. */
  isLate: boolean
}

const file = process.env['DAYBOOK_FAILPOINT_FILE']
if (file !== undefined && existsSync(file)) arm(file, JSON.parse(readFileSync(file, 'utf8')))

function arm(path: string, { at, passing, signal, isLate }: Failpoint): void {
  let passed = 0
  const strike = () => {
    rmSync(path)
    process.kill(process.pid, signal)
  }
  subscribe(`daybook.${at}`, () => {
    passed += 1
    if (passed !== passing) return
    if (isLate) setImmediate(strike)
    else strike()
  })
}
