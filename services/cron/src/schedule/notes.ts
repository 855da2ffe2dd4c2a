import { dateText, timeText } from './clock-text.ts'
import type { Passage } from './passages.ts'

/** What a change of the clocks did, in words; undefined where it did nothing. `slotWall`: what the clocks show at the slot. */
export function noteOn(passage: Passage, slotWall: number): string | undefined {
  const { wall } = passage
  const day = dateText(wall) === dateText(slotWall) ? 'on this day' : `on ${dateText(wall)}`
  const time = timeText(wall)
  if (passage.is === 'slot')
    return repeatedNote(passage.turn, `${time} happens twice ${day} (clocks go back)`)
  const missing = passage.more ? `${time} and later times do` : `${time} does`
  const gap = `${missing} not exist ${day} (clocks go forward)`
  return passage.is === 'moved' ? `${gap}; runs at ${timeText(slotWall)}` : `${gap}; left out`
}

function repeatedNote(turn: 'first' | 'second' | 'only' | undefined, twice: string): string | undefined {
  if (turn === undefined) return undefined
  return turn === 'only' ? `${twice}; runs the first time only` : `${twice}; this is the ${turn}`
}
