import { type Parked, parkedSchema } from '@daybook/eventing'
import { inboundMessageSchema } from '@daybook/events'
import { type Static, Type } from 'typebox'
import type { MessageRow } from '../store/list-messages.ts'

/** A message as it is read. */
export const readMessageSchema = Type.Object({
  ...inboundMessageSchema.properties,
  lane: Type.String({ description: 'The stream of its conversation' }),
  payloadEvicted: Type.Optional(
    Type.Literal(true, {
      description:
        'The read model has given the payload up, to keep within maxEntries of its source; the journal has it, and GET /v1/inbound/messages/{key} reads it there',
    }),
  ),
  parked: Type.Optional(parkedSchema),
})

export type ReadMessage = Static<typeof readMessageSchema>

/** `marks` are those of its conversation, if the read model leaves that out from an event on. */
export function toReadMessage(
  { lane, payload, has_payload: hasPayload, document }: MessageRow,
  marks: { parked?: Parked } = {},
): ReadMessage {
  const message = { ...document, lane, ...marks }
  if (hasPayload) return { ...message, payload }
  return isErased(document) ? message : { ...message, payloadEvicted: true }
}

/** With its payload a message loses its id; no platform sends an empty one. */
function isErased({ messageId }: MessageRow['document']): boolean {
  return messageId === ''
}
