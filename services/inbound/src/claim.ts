import type { Database } from '@daybook/database'
import { type Claim, Claims, type ClaimWish, type Projection } from '@daybook/eventing'
import type { LaneCommands, LaneOutcome, LaneWish } from './commands.ts'
import type { Work } from './heads.ts'
import { findHeldLanes } from './held-leases.ts'
import type { LaneFinder } from './lane-finder.ts'
import type { InboundMetrics } from './observe.ts'

/** What a worker asks for. */
interface LaneClaimWish extends ClaimWish {
  readonly source?: string
  readonly account?: string
}

/** Where one claim gets one message, or one reply. */
interface LanePlace {
  readonly lane: string
  /** This message and no other, if it is its turn. */
  readonly key?: string
}

/** What is claimed, and how it is claimed from a conversation. */
export interface LaneClaimKind<Item> {
  readonly work: Work
  readonly wish: (claim: Claim<LaneClaimWish>, key?: string) => LaneWish
  /** What the claim has got of the conversation, before or just now. */
  readonly itemOf: (lane: string, outcome: LaneOutcome) => Item | undefined
  readonly giveBack: (item: Item, reason: string) => { lane: string; wish: LaneWish }
}

export type LaneClaims<Item> = Claims<LaneClaimWish, LanePlace, Item>

export interface LaneClaimParts<DB> {
  readonly database: Database<DB>
  readonly commands: LaneCommands
  readonly finder: LaneFinder
  readonly metrics: InboundMetrics
  readonly projection: Pick<Projection<unknown>, 'position' | 'waitFor'>
  /** The last position at which this instance changed anything. */
  readonly ownPosition: () => number
}

const CLIENT_GONE = 'The client went away before it was told that it has this.'

/** Claims what is due in conversations: of each one the first. */
export function laneClaims<DB, Item>(
  { database, commands, finder, metrics, projection, ownPosition }: LaneClaimParts<DB>,
  { work, wish, itemOf, giveBack }: LaneClaimKind<Item>,
): LaneClaims<Item> {
  return new Claims<LaneClaimWish, LanePlace, Item>({
    nameOf: ({ lane }) => lane,
    async find({ tenant }, { source, account }, seeker) {
      // Which message is first there now, the conversation knows.
      const taken = await finder.find({ ...seeker, filter: { tenant, work, source, account } })
      return taken.map(({ head: { lane }, ...told }) => ({ head: { lane }, ...told }))
    },
    async findHeld({ tenant }, { worker, claimId, source, account }) {
      const lanes = await findHeldLanes(database, { tenant, work, worker, claimId, source, account })
      return lanes.map((lane) => ({ lane }))
    },
    async claimAt(author, claim, { lane, key }) {
      const outcome = await commands.execute({ author, lane, wish: wish(claim, key) })
      const item = itemOf(lane, outcome)
      return item && { item, seq: outcome.receipts.at(-1)?.seq }
    },
    giveBack: (author, item) => commands.execute({ author, ...giveBack(item, CLIENT_GONE) }),
    onClaimed: (count) => metrics.claimed(work, count),
    projection,
    ownPosition,
  })
}
