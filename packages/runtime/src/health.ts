import { DaybookError } from '@daybook/errors'

/** A probe must answer before its own caller gives up: Docker and Kubernetes usually wait a few seconds. */
const TIMEOUT_MS = 2_000

/** What a check says: all is well (or well enough), or why not. Both texts are shown to anyone who asks: no secrets. */
export type CheckResult = { ok: true; detail?: string } | { ok: false; reason: string }

/** Asks one part that the service needs. What it throws counts as not ready. */
export type Check = (signal: AbortSignal) => CheckResult | Promise<CheckResult>

export interface Readiness {
  ready: boolean
  checks: Record<string, CheckResult>
}

/** Whether a service can do its work. Being alive is another matter: that is answering at all. */
export interface Health {
  /** Adds a check under a name that is unique in the service. */
  addCheck(name: string, check: Check): void
  /** Asks all checks at once, each within the time-out. Callers that come while it runs share the answer. */
  readiness(): Promise<Readiness>
}

export interface HealthOptions {
  /** For each check. Default 2,000. */
  timeoutMs?: number
}

export function createHealth({ timeoutMs = TIMEOUT_MS }: HealthOptions = {}): Health {
  const checks = new Map<string, Check>()
  let underWay: Promise<Readiness> | undefined
  return {
    addCheck(name, check) {
      if (checks.has(name))
        throw new DaybookError('internal', `There are two readiness checks named ${name}.`)
      checks.set(name, check)
    },
    readiness() {
      underWay ??= askAll(checks, timeoutMs).finally(() => {
        underWay = undefined
      })
      return underWay
    },
  }
}

async function askAll(checks: ReadonlyMap<string, Check>, timeoutMs: number): Promise<Readiness> {
  const results = await Promise.all(
    [...checks].map(async ([name, check]) => [name, await ask(check, timeoutMs)] as const),
  )
  return { ready: results.every(([, result]) => result.ok), checks: Object.fromEntries(results) }
}

async function ask(check: Check, timeoutMs: number): Promise<CheckResult> {
  const timeout = new AbortController()
  const late = Promise.withResolvers<CheckResult>()
  const timer = setTimeout(() => {
    timeout.abort()
    late.resolve({ ok: false, reason: `no answer within ${timeoutMs} ms` })
  }, timeoutMs)
  try {
    return await Promise.race([answerOf(check, timeout.signal), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Never rejects, so that an answer after the time-out does not become an unhandled rejection. */
async function answerOf(check: Check, signal: AbortSignal): Promise<CheckResult> {
  try {
    return await check(signal)
  } catch (error) {
    // Only our own errors are written to be shown; those of drivers may hold addresses and credentials.
    return { ok: false, reason: error instanceof DaybookError ? error.message : 'the check failed' }
  }
}
