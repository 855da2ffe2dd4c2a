/** Lets what this instance does to one conversation happen in turn. */
export interface LaneTurns {
  /** Together with others of the kind. */
  shared<T>(lane: string, work: () => Promise<T>): Promise<T>
  /** By itself. */
  alone<T>(lane: string, work: () => Promise<T>): Promise<T>
}

interface Turn {
  readonly isShared: boolean
  /** What has to be over before it may begin. */
  readonly after: Promise<unknown> | undefined
  readonly ended: Promise<unknown>
}

/**
 * Commands expect the end of their stream: two at once, of one instance, would only refuse each other, and so would one and a
 * message that is received meanwhile. In turn, each is decided on what the one before it left. Received messages expect
 * nothing, so they need not wait for each other. It is a matter of speed: other instances know nothing of these turns.
 */
export function laneTurns(): LaneTurns {
  const last = new Map<string, Turn>()
  const take = <T>(lane: string, isShared: boolean, work: () => Promise<T>): Promise<T> => {
    const before = last.get(lane)
    const joins = isShared && before?.isShared === true
    const after = joins ? before.after : before?.ended
    const done = after === undefined ? work() : after.then(work)
    const settled = whenSettled(done)
    const ended = joins ? Promise.all([before.ended, settled]) : settled
    const turn = { isShared, after, ended }
    last.set(lane, turn)
    const forget = async (): Promise<void> => {
      await ended
      if (last.get(lane) === turn) last.delete(lane)
    }
    void forget()
    return done
  }
  return {
    shared: (lane, work) => take(lane, true, work),
    alone: (lane, work) => take(lane, false, work),
  }
}

async function whenSettled(done: Promise<unknown>): Promise<void> {
  await done.catch(() => {})
}
