import type { Session } from '../session.ts'

/** Whoever waits wants to see that it goes on, and not to scroll. */
const EVERY_MS = 2_000

/** Tells how far it has come, now and then. */
export function progressOf(at: Session): (text: string) => void {
  let toldAt = performance.now()
  return (text) => {
    if (performance.now() - toldAt < EVERY_MS) return
    toldAt = performance.now()
    void at.remark(`${text} …`)
  }
}
