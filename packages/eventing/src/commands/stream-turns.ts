/** Lets what this instance does to one stream happen in turn. */
export interface StreamTurns {
  /** Together with others of the kind. */
  shared<T>(stream: string, work: () => Promise<T>): Promise<T>
  /** By itself. */
  alone<T>(stream: string, work: () => Promise<T>): Promise<T>
}

interface Turn {
  readonly isShared: boolean
  /** What has to be over before it may begin. */
  readonly after: Promise<unknown> | undefined
  readonly ended: Promise<unknown>
}

/**
 * Commands expect the end of their stream: two at once, of one instance, would only refuse each other, and so would one and an
 * append without a command. In turn, each is decided on what the one before it left. Appends that expect nothing need not
 * wait for each other. It is a matter of speed: other instances know nothing of these turns.
 */
export function streamTurns(): StreamTurns {
  const last = new Map<string, Turn>()
  const take = <T>(stream: string, isShared: boolean, work: () => Promise<T>): Promise<T> => {
    const before = last.get(stream)
    const joins = isShared && before?.isShared === true
    const after = joins ? before.after : before?.ended
    const done = after === undefined ? work() : after.then(work)
    const settled = whenSettled(done)
    const ended = joins ? Promise.all([before.ended, settled]) : settled
    const turn = { isShared, after, ended }
    last.set(stream, turn)
    const forget = async (): Promise<void> => {
      await ended
      if (last.get(stream) === turn) last.delete(stream)
    }
    void forget()
    return done
  }
  return {
    shared: (stream, work) => take(stream, true, work),
    alone: (stream, work) => take(stream, false, work),
  }
}

async function whenSettled(done: Promise<unknown>): Promise<void> {
  await done.catch(() => {})
}
