import type { Bus } from '@daybook/bus'
import type { Logger } from '@daybook/runtime'

/** A consumer that somebody deleted is missed by its service for so long at most; looking costs a few small requests. */
const LOOK_EVERY_MS = 30_000

/**
 * Makes the streams and consumers of all services again where they are gone. The journal alone may make them; its own
 * consumers have it look after each connection, and this notices what goes in between.
 */
export function keepTopology(bus: Bus, logger: Logger, lookEveryMs = LOOK_EVERY_MS): Disposable {
  const timer = setInterval(() => {
    if (!bus.connected) return
    bus
      .ensureTopology()
      .catch((err: unknown) => logger.warn({ err }, 'streams and consumers could not be looked at'))
  }, lookEveryMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
