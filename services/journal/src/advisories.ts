import type { Bus, Delivery } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { createUlids } from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { RefusedMessage } from './store/dead-letters.ts'
import { tenantOfSubject } from './subject.ts'

export interface AdvisoryParts {
  bus: Bus
  logger: Logger
  keepDeadLetter: (message: RefusedMessage) => Promise<void>
}

/**
 * What JetStream tells when a consumer will not get a message again: types `io.nats.jetstream.advisory.v1.max_deliver`
 * and `….terminated`. Ending a message takes it out of a work queue at once, so of such a one only this is left.
 */
const advisorySchema = Type.Object({
  type: Type.String(),
  stream: Type.String(),
  stream_seq: Type.Integer({ minimum: 1 }),
  consumer: Type.String(),
  deliveries: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
})

/** Where in the queue it was. */
const SEQ_HEADER = 'Daybook-Queue-Seq'

/**
 * Keeps as dead letters what JetStream will not deliver again, before it leaves the queue. The journal's own consumer has
 * no limit of deliveries and ends no message, so this happens only when somebody else sets one, or takes part in the
 * consumer; nothing of it may be lost all the same. The advisories are kept in a stream of their own until they are
 * dealt with, so the journal need not run when they come.
 */
export function whenGivenUp(parts: AdvisoryParts) {
  const nextId = createUlids()
  return async (deliveries: Delivery[]): Promise<void> => {
    for (const delivery of deliveries) {
      await keepGivenUp(parts, delivery, nextId())
      delivery.ack()
    }
  }
}

async function keepGivenUp({ bus, logger, keepDeadLetter }: AdvisoryParts, delivery: Delivery, id: string) {
  const advisory = readAdvisory(delivery)
  if (advisory === undefined) {
    logger.warn({ subject: delivery.subject }, 'an advisory cannot be read and is passed over')
    return
  }
  const { type, stream, stream_seq: seq, consumer, deliveries = 0, reason } = advisory
  const message = await bus.readStored({ stream, seq })
  // It was acknowledged late, or an earlier round got this far.
  if (message === undefined && !type.endsWith('.terminated')) return
  const detail = `The consumer ${consumer} gave it up after ${deliveries} deliveries${reason === undefined ? '' : `: ${reason}`}.`
  const subject = message?.subject ?? 'daybook.queue.main.append'
  await keepDeadLetter({
    id,
    tenant: tenantOfSubject(subject) ?? 'main',
    source: consumer,
    subject,
    headers: { ...message?.headers, [SEQ_HEADER]: String(seq) },
    body: message?.data ?? Buffer.from(`Message ${seq} of ${stream} had left the queue already.`),
    reason: new DaybookError('undeliverable', detail),
  })
  // Only now: until it is kept, the queue is where it is.
  await bus.removeStored({ stream, seq })
  logger.warn({ deadLetterId: id, stream, seq, consumer }, 'a message was given up and kept as a dead letter')
}

function readAdvisory(delivery: Delivery) {
  try {
    const value: unknown = JSON.parse(delivery.text())
    return Check(advisorySchema, value) ? value : undefined
  } catch {
    return undefined
  }
}
