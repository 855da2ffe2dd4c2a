import { DEPTH_MAX } from './json/parse.ts'

/** Bounds of an append; a deployment may set other ones. */
export interface AppendLimits {
  eventsMax: number
  /** Bytes of the canonical JSON of one event's data. */
  payloadBytesMax: number
  /** Objects and lists inside each other in one event's data; `{}` is one level. */
  depthMax: number
}

/** 1,000 events are what one atomic batch of the bus takes; a payload over 256 KiB belongs in a blob. */
export const APPEND_LIMITS: Readonly<AppendLimits> = {
  eventsMax: 1000,
  payloadBytesMax: 262_144,
  depthMax: DEPTH_MAX,
}

/** The levels around the data in `{"events":[{"data":{}}]}`; whoever parses a request allows these on top. */
export const APPEND_REQUEST_LEVELS = 3
