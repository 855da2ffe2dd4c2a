import { setTimeout as delay } from 'node:timers/promises'
import { type Bus, readSyncPolicy, type SyncPolicy } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import type { CheckResult, Logger } from '@daybook/runtime'

/**
 * Watches whether NATS has a queued append on its disk before it says *queued*: until the journal has taken it, that is
 * the only copy. (The stream of events is a copy of the journal and may be lost.) And whether it asks who comes.
 *
 * N1 A server that syncs later is refused: `failed` rejects. With `isAllowed` it is only told, with each start.
 * N2 What cannot be found out is neither taken for safe nor a reason to stop: HTTP appends do not need NATS. The service
 *    is not ready until it is found out, and it goes on asking.
 * N3 Each start of a server is looked at anew, since its configuration may have changed.
 * N4 On a server that lets in anybody, anybody may append in any name, and read and delete everything: it is told with
 *    each start, or with `needsAccounts` refused.
 */

/** A comparison of two texts, so it may be often; the monitor is asked only after a start. */
const LOOK_EVERY_MS = 500
/** A monitor that did not answer is asked again at this pace. */
const ASK_AGAIN_MS = 5_000

export interface NatsSafetyParts {
  bus: Bus
  /** Monitoring endpoints, `http://nats:8222`, of each server one. */
  monitorUrls: readonly string[]
  isAllowed: boolean
  /** Refuse a server that asks nobody who they are. */
  needsAccounts: boolean
  logger: Logger
}

export class NatsSafety implements AsyncDisposable {
  /** Rejects with `unsafe-configuration`; never settles otherwise. */
  readonly failed: Promise<never>
  readonly #parts: NatsSafetyParts
  readonly #stopping = new AbortController()
  readonly #watching: Promise<void>
  readonly #fail: (error: DaybookError) => void
  readonly #settle: () => void
  readonly #settled: Promise<void>
  #seen: { serverId: string; answer: SyncPolicy } | undefined

  constructor(parts: NatsSafetyParts) {
    this.#parts = parts
    const failed = Promise.withResolvers<never>()
    const settled = Promise.withResolvers<void>()
    // Whoever does not race it must not be ended by it.
    failed.promise.catch(() => undefined)
    this.failed = failed.promise
    this.#fail = failed.reject
    this.#settled = settled.promise
    this.#settle = settled.resolve
    this.#watching = this.#watch()
  }

  /** Waits for the first answer, so that an unsafe server is refused before the doors open; `timeoutMs` at most. */
  async ready(timeoutMs: number): Promise<void> {
    const enough = new AbortController()
    await Promise.race([
      this.#settled,
      this.failed,
      delay(timeoutMs, undefined, { signal: enough.signal }).catch(() => undefined),
    ]).finally(() => enough.abort())
  }

  state(): CheckResult {
    if (this.#parts.isAllowed) return { ok: true, detail: 'not asked for: --unsafe-nats' }
    const { serverId } = this.#parts.bus
    if (serverId === undefined) return { ok: true, detail: 'NATS is away' }
    if (this.#seen?.serverId !== serverId)
      return { ok: false, reason: 'the NATS server was not looked at yet' }
    const { answer } = this.#seen
    if (answer.policy === 'unknown') return { ok: false, reason: unknownText(answer.reason) }
    return answer.policy === 'always'
      ? { ok: true, detail: 'NATS syncs before it acknowledges' }
      : { ok: false, reason: LATER }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const { serverId } = this.#parts.bus
      if (serverId !== undefined && this.#needsLook(serverId)) await this.#look(serverId)
      const isUnknown = this.#seen?.answer.policy === 'unknown'
      await delay(isUnknown ? ASK_AGAIN_MS : LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  #needsLook(serverId: string): boolean {
    return this.#seen?.serverId !== serverId || this.#seen.answer.policy === 'unknown' // N3
  }

  async #look(serverId: string): Promise<void> {
    const { monitorUrls, isAllowed, logger } = this.#parts
    const before = this.#seen
    if (before?.serverId !== serverId && !this.#asksWhoComes()) return
    const answer = await readSyncPolicy(monitorUrls, serverId)
    this.#seen = { serverId, answer }
    if (answer.policy === 'later' && !isAllowed) {
      this.#fail(new DaybookError('unsafe-configuration', LATER)) // N1
      return
    }
    this.#settle()
    // One line for each start of a server is loud enough.
    if (answer.policy === 'always' || before?.serverId === serverId) return
    if (isAllowed)
      logger.error(
        { ...answer },
        'UNSAFE: NATS may lose queued appends at a power cut; --unsafe-nats allows it',
      )
    else logger.warn({ ...answer }, 'whether NATS syncs what it acknowledges is not known') // N2
  }

  /** False when that ends the journal (N4). */
  #asksWhoComes(): boolean {
    const { bus, needsAccounts, logger } = this.#parts
    if (bus.letsInAnybody !== true) return true
    if (needsAccounts) this.#fail(new DaybookError('unsafe-configuration', ANYBODY))
    else
      logger.error(
        {},
        'UNSAFE: NATS lets in anybody, who may append in any name; set NATS_ACCOUNTS_REQUIRED=true to refuse',
      )
    return !needsAccounts
  }
}

const ANYBODY =
  'NATS lets in anybody. Give its server the accounts that "nats-keys" of the gateway writes (docs/operations.md), or start the journal without NATS_ACCOUNTS_REQUIRED.'

const LATER =
  'NATS acknowledges queued appends before they are on its disk. Set "sync_interval: always" in its jetstream block, or start the journal with --unsafe-nats (UNSAFE_NATS=true).'

function unknownText(reason: string): string {
  return `whether NATS syncs what it acknowledges is not known: ${reason}. Set NATS_MONITOR_URL, or start the journal with --unsafe-nats (UNSAFE_NATS=true)`
}

/** NATS' usual monitoring port. */
const MONITOR_PORT = 8222

/** The monitoring endpoints beside the servers of `NATS_URL`, unless others are named. */
export function monitorUrlsOf(natsUrl: string, named: string | undefined): string[] {
  if (named !== undefined) return named.split(',').map((url) => url.trim())
  return natsUrl.split(',').flatMap((server) => {
    const url = URL.parse(server.includes('://') ? server.trim() : `nats://${server.trim()}`)
    return url === null || url.hostname === '' ? [] : [`http://${url.hostname}:${MONITOR_PORT}`]
  })
}
