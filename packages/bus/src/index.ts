export { type AccountKeys, natsAccounts, SERVICES_ACCOUNT } from './accounts.ts'
export { type Admission, answerCallouts, type CalloutOptions } from './auth-callout.ts'
export type { BatchMessage } from './batch.ts'
export { type Bus, connectBus } from './bus.ts'
export type { BusConfig } from './config.ts'
export type { BatchHandler, ConsumeOptions, Consumer, ConsumerName } from './consume.ts'
export type { ConsumerState } from './consumer-state.ts'
export type { Delivery } from './delivery.ts'
export type { Headers } from './headers.ts'
export type { Identity } from './identity.ts'
export { type BusKey, type BusKeys, createBusKeys, readBusKey } from './keys.ts'
export type { BusLogger } from './logger.ts'
export type { IncomingMessage } from './message.ts'
export {
  type BusService,
  busServices,
  inboxOfService,
  inboxOfToken,
  type Permissions,
  servicePermissions,
  type TokenHolder,
  tokenPermissions,
} from './permissions.ts'
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
