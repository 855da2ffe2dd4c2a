import type { Msg } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { PulledDelivery } from '../src/delivery.ts'

/** A message as the client hands it over; what is answered to it is collected. */
function message(reply: string) {
  const answers: string[] = []
  const respond = (data?: string | Uint8Array) => {
    answers.push(typeof data === 'string' ? data : new TextDecoder().decode(data))
    return true
  }
  const received: Msg = {
    subject: 'a.b',
    sid: 1,
    reply,
    data: new TextEncoder().encode('hello'),
    respond,
    json: () => {
      throw new Error('not asked for')
    },
    string: () => 'hello',
  }
  return { answers, delivery: new PulledDelivery(received) }
}

describe('delivery', () => {
  it.each([
    ['$JS.ACK.STREAM.durable.1.10.10.1700000000000000000.0', 0],
    ['$JS.ACK.STREAM.durable.4.10.10.1700000000000000000.0', 3],
    ['$JS.ACK._.hash.STREAM.durable.3.10.10.1700000000000000000.0.random', 2],
    ['', 0],
  ])('reads from %s that it was delivered before %i times', (reply, redeliveries) => {
    expect(message(reply).delivery.redeliveries).toBe(redeliveries)
  })

  it('counts the times that its handler failed', () => {
    const { delivery } = message('$JS.ACK.STREAM.durable.2.10.10.1700000000000000000.0')
    delivery.again()
    expect(delivery.redeliveries).toBe(2)
  })

  it('is settled once: the first settlement counts', () => {
    const { answers, delivery } = message('r')
    delivery.term('poison')
    delivery.ack()
    delivery.nak()
    expect(answers).toEqual(['+TERM poison'])
  })

  it('asks for a later delivery in nanoseconds', () => {
    const { answers, delivery } = message('r')
    delivery.nak(1_500.2)
    expect(answers).toEqual(['-NAK {"delay":1501000000}'])
  })
})
