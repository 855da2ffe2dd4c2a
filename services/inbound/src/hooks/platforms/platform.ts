import type { JsonValue } from '@daybook/errors'
import type { Delivery, MessageNames } from '../names.ts'
import type { Scheme } from '../schemes/scheme.ts'

/** What a platform wants to be answered: a status, and a body unless it wants none. */
export interface HookAnswer {
  readonly status: 200 | 204
  readonly body?: JsonValue
}

/** What is particular about the webhooks of a platform. */
export interface Platform {
  readonly scheme: Scheme
  /**
   * Headers that are kept with the body, in lower case. Each is the same at every delivery of a message: what differs would
   * make a repetition look like another message under the same id.
   */
  readonly keptHeaders: readonly string[]
  /** JSON Pointers to members of the body that are not kept: secrets, and what differs between deliveries. */
  readonly leftOut: readonly string[]
  readonly names: (delivery: Delivery) => MessageNames
  /** The answer to a request that only tries whether somebody is there; it is not kept. */
  readonly handshake?: (value: JsonValue | undefined) => HookAnswer | undefined
  /** The answer to a message that is kept, where the platform or its user would see ours. */
  readonly answer?: (value: JsonValue | undefined) => HookAnswer
}
