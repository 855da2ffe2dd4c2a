export type { BatchMessage } from './batch.ts'
export { type Bus, connectBus } from './bus.ts'
export type { BusConfig } from './config.ts'
export type { BatchHandler, ConsumeOptions, Consumer, ConsumerName } from './consume.ts'
export type { ConsumerState } from './consumer-state.ts'
export type { Delivery } from './delivery.ts'
export type { Headers } from './headers.ts'
export type { BusLogger } from './logger.ts'
export type { IncomingMessage } from './message.ts'
export type { QueuedOptions, QueuedReceipt } from './queue.ts'
export type { BusReply, RequestOptions } from './request.ts'
export type { ReplyBody, Responder } from './respond.ts'
export type { StreamState } from './stream-state.ts'
export type { Listener, Subscription } from './subscribe.ts'
export { readSyncPolicy, type SyncPolicy } from './sync-policy.ts'
export {
  type ConsumerSpec,
  defineTopology,
  type StreamSpec,
  type Topology,
  type TopologyLimits,
  topology,
  topologyOf,
} from './topology.ts'
