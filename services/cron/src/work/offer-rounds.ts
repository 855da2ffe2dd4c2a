import { type Logger, startRounds } from '@daybook/runtime'
import { type ClaimableParts, type ClaimableRun, listClaimable } from './claimable.ts'
import type { Offers } from './offers.ts'

export interface OfferRoundsParts<DB> extends ClaimableParts<DB> {
  readonly offers: Offers
  readonly logger: Logger
  /** What nobody took is offered again after so long. */
  readonly offerEveryMs: number
}

const PAGE = 500

/**
 * Offers again what nobody has taken, whichever instance made it claimable. Nothing depends on a round having run: who claims
 * finds what there is, and several instances at once offer what none of them has offered lately.
 */
export function startOfferRounds<DB>(parts: OfferRoundsParts<DB>): AsyncDisposable {
  return startRounds({
    everyMs: parts.offerEveryMs,
    round: (signal) => offerAll(parts, signal),
    onFailure: (error) =>
      parts.logger.warn({ err: error }, 'runs could not be offered again; the next round tries it'),
  })
}

/** What another instance has offered in the meantime is offered. */
async function offerAll<DB>(parts: OfferRoundsParts<DB>, signal: AbortSignal): Promise<void> {
  const { offers, offerEveryMs } = parts
  let after: ClaimableRun | undefined
  do {
    const runs: ClaimableRun[] = await listClaimable(parts, { limit: PAGE, ...(after && { after }) })
    for (const run of runs) offers.offer(run, offerEveryMs / 2)
    after = runs.length < PAGE ? undefined : runs.at(-1)
  } while (after !== undefined && !signal.aborted)
}
