import { whenMessagesChanged, whenParkedMessagesChanged } from './messages/handlers.ts'
import { resetMessages } from './store/messages.ts'

/**
 * The read model of inbound messages. Whoever changes what it makes of events raises `version`: the new one is then built
 * beside the running one. Its tables are those of the schema `inbound_inbound_layout`.
 */
export const inboundProjection = {
  schema: 'inbound',
  name: 'inbound',
  version: 1,
  kinds: ['inbound'],
  apply: whenMessagesChanged,
  applyLeftOut: whenParkedMessagesChanged,
  reset: resetMessages,
  generations: {},
}
