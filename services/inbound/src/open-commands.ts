import type { Bus } from '@daybook/bus'
import { type Database, DatabaseClock } from '@daybook/database'
import {
  type Appender,
  answerCommands,
  type CommandDoor,
  commandRoutes,
  forgetAfterRestore,
  type PayloadArchive,
  type Projection,
  streamReader,
  timed,
} from '@daybook/eventing'
import type { InboundLimits } from '@daybook/events'
import type { HttpPlugin, Logger, Metrics } from '@daybook/runtime'
import { aboutMessages } from './about-message.ts'
import { aboutReplies } from './about-reply.ts'
import { type ChangedLanes, followChanges } from './changed-lanes.ts'
import { laneClaims } from './claim.ts'
import { messageClaims, replyClaims } from './claimed.ts'
import { type ChangedLane, type LaneCommands, laneCommands } from './commands.ts'
import type { DueHead } from './due-heads.ts'
import { earlierDeliveries } from './earlier.ts'
import { evictor } from './evict.ts'
import { findMessages } from './find-message.ts'
import { knowHeads, type LaneFinder, openLaneFinder } from './lane-finder.ts'
import { messageDoors, replyDoors } from './message-doors.ts'
import { type InboundMetrics, observeInbound } from './observe.ts'
import { type Offers, openOffers } from './offers.ts'
import { overloadGuard } from './overload.ts'
import { type Receive, receiver } from './receive.ts'
import { replay } from './replay.ts'
import { startSweeper } from './sweeper.ts'
import { claimDoor, claimRepliesDoor, receiveDoor, replayDoor } from './work-doors.ts'

export interface OpenCommandsParts<DB> {
  readonly database: Database<DB>
  readonly bus: Bus
  readonly logger: Logger
  readonly metrics: Metrics
  readonly append: Appender
  readonly archive: PayloadArchive
  readonly projection: Projection<DB>
  readonly limitsOf: (source: string) => InboundLimits
  readonly offerEveryMs?: number | undefined
  readonly sweepMs?: number | undefined
}

/** What can be done with messages, over HTTP and NATS, and what the service does of its own accord. */
export interface InboundCommands extends AsyncDisposable {
  readonly plugins: readonly HttpPlugin[]
  /** For doors of other kinds. */
  readonly receive: Receive
}

/** Long enough not to be a second delivery beside the claim that is on its way. */
const OFFER_EVERY_MS = 30_000
/** For what another instance would have done that is gone. */
const SWEEP_MS = 5_000

/** Reads top-down as start order. */
export function openCommands<DB>(parts: OpenCommandsParts<DB>): InboundCommands {
  const stack = new AsyncDisposableStack()
  const { database, projection, append, bus } = parts
  const metrics = observeInbound(parts.metrics)
  const work = stack.use(openWork({ ...parts, metrics, clock: new DatabaseClock(database) }))
  const messages = findMessages({ database, projection })
  const common = { ...parts, ...work, metrics, messages }
  const read = streamReader(database, parts.archive)
  const receive = receiver({
    ...common,
    earlier: earlierDeliveries({ ...work, append, messages, read }),
    overload: overloadGuard({ ...parts, evictOldest: evictor({ database, commands: work.commands }) }),
  })
  const doors: CommandDoor[] = [
    receiveDoor(receive),
    claimDoor(laneClaims(common, messageClaims), messages),
    claimRepliesDoor(laneClaims(common, replyClaims)),
    ...messageDoors(aboutMessages(common)),
    ...replyDoors(aboutReplies({ ...common, read })),
    replayDoor((author, wish) => replay(common, author, wish)),
  ].map((one) => timed(one, metrics))
  stack.use(answerCommands(bus, 'inbound', doors))
  return {
    plugins: [commandRoutes('inbound', doors)],
    receive,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

type WorkParts<DB> = Omit<OpenCommandsParts<DB>, 'metrics'> & {
  metrics: InboundMetrics
  clock: DatabaseClock
}

/** Carries out commands, and follows what they make due. */
interface Work extends AsyncDisposable {
  readonly clock: DatabaseClock
  readonly commands: LaneCommands
  readonly finder: LaneFinder
  readonly offers: Offers
  readonly ownPosition: () => number
}

function openWork<DB>(parts: WorkParts<DB>): Work {
  const stack = new AsyncDisposableStack()
  const { database, projection, clock, offerEveryMs = OFFER_EVERY_MS, sweepMs = SWEEP_MS } = parts
  const finder = stack.use(openLaneFinder(parts))
  const wake = (): void => finder.wake()
  const offers = stack.use(openOffers({ ...parts, onOffer: wake }))
  const own = ownChanges()
  const commands = laneCommands({ ...parts, onChanged: own.note })
  const beforeRound = forgetAfterRestore(database, () => commands.forgetAll())
  const sweeper = stack.use(
    startSweeper({ ...parts, offerEveryMs, sweepMs, commands, offers, beforeRound, onSwept: wake }),
  )
  const onDue = sweeper.take.bind(sweeper)
  const onLater = sweeper.note.bind(sweeper)
  const onHeads = (changed: ChangedLane, heads: readonly DueHead[]) => knowHeads(finder, changed, heads)
  own.follow(stack.use(followChanges({ ...parts, onDue, onLater, onHeads })))
  stack.defer(projection.onAdvance(wake))
  return {
    clock,
    commands,
    finder,
    offers,
    ownPosition: own.position,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** What this instance changes, told to who follows it. */
function ownChanges(): {
  note: (changed: ChangedLane) => void
  follow: (changes: ChangedLanes) => void
  position: () => number
} {
  let position = 0
  let followed: ChangedLanes | undefined
  return {
    note(changed) {
      position = Math.max(position, changed.position)
      followed?.note(changed)
    },
    follow(changes) {
      followed = changes
    },
    position: () => position,
  }
}
