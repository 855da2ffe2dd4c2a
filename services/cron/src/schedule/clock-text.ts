/** `2026-03-29 03:00:00 +02:00`: what the clocks show, and by how much they are ahead of UTC. */
export function clockText(wall: number, offsetMs: number): string {
  const [date = '', time = ''] = halves(wall)
  const [, ahead = ''] = halves(Math.abs(offsetMs))
  return `${date} ${time} ${offsetMs < 0 ? '-' : '+'}${withoutSeconds(ahead)}`
}

/** `2026-03-29`. */
export function dateText(wall: number): string {
  return halves(wall)[0] ?? ''
}

/** `02:30`, or `02:30:15`. */
export function timeText(wall: number): string {
  return withoutSeconds(halves(wall)[1] ?? '')
}

function halves(wall: number): string[] {
  return new Date(wall).toISOString().slice(0, 19).split('T')
}

function withoutSeconds(time: string): string {
  return time.endsWith(':00') ? time.slice(0, 5) : time
}
