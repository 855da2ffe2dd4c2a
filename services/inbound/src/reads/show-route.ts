import { DaybookError } from '@daybook/errors'
import {
  closed,
  journalReader,
  markOfStream,
  minPosition,
  type PayloadArchive,
  type Projection,
  readModel,
} from '@daybook/eventing'
import { MESSAGE_KEY_PATTERN } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import type { Transaction } from 'kysely'
import { Type } from 'typebox'
import { findMessage } from '../store/list-messages.ts'
import { type ReadMessage, readMessageSchema, toReadMessage } from './read-message.ts'

export interface ShownParts<DB> {
  projection: Projection<DB>
  archive: PayloadArchive
}

/** `GET /v1/inbound/messages/{key}`. Codes: `not-found`, `position-not-reached`. */
export function showMessageRoute<DB>({ projection, archive }: ShownParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/inbound/messages/:key', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getInboundMessage',
        summary: 'One message: its state, what failed, what came again under its id, its replies.',
        description:
          'A payload that was evicted is read from the journal; it is missing where the archive that has it does not answer.',
        tags: ['inbound'],
        params: Type.Object({ key: Type.String({ pattern: MESSAGE_KEY_PATTERN }) }, closed),
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: readMessageSchema },
      },
      handler: (request, reply) => {
        const { key } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const row = await findMessage(trx, { tenant, key })
          if (row === undefined) throw noSuchMessage(key)
          const message = toReadMessage(
            row,
            await markOfStream(projection, trx, { tenant, stream: row.lane }),
          )
          if (message.payloadEvicted === undefined) return message
          return { ...message, ...(await journaledPayload(trx, archive, { tenant, message })) }
        })
      },
    })
  }
}

async function journaledPayload<DB>(
  trx: Transaction<DB>,
  archive: PayloadArchive,
  { tenant, message: { lane, receivedSeq } }: { tenant: string; message: ReadMessage },
): Promise<Pick<ReadMessage, 'payload'>> {
  try {
    const query = { tenant, stream: lane, after: receivedSeq - 1, limit: 1 }
    const [event] = await journalReader(trx, archive).page(query)
    const payload = event?.data['payload']
    return payload === undefined ? {} : { payload }
  } catch (error) {
    // What is known without the archive is worth showing; `payloadEvicted` says what is missing.
    if (error instanceof DaybookError && error.code === 'archive-unavailable') return {}
    throw error
  }
}

function noSuchMessage(key: string): DaybookError {
  const message = `There is no message ${key}: it was never received, or it was finished longer ago than its source keeps messages.`
  return new DaybookError('not-found', message, { details: { key } })
}
