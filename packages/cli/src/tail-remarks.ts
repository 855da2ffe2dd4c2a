import type { TailOptions } from '@daybook/client'
import type { Session } from './session.ts'

/** What a person at a live tail is told besides the events. */
export function remarks(remark: Session['remark']): Pick<TailOptions, 'onReconnect' | 'onBehind'> {
  return {
    onReconnect: ({ message }) => void remark(`${message} Trying again.`),
    onBehind: ({ position, head }) =>
      void remark(`Shown up to position ${position}; the journal is at ${head}, ${head - position} further.`),
  }
}
