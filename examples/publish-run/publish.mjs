// Journals a live run by publishing JSON to NATS. No SDK: a client in any language can do the same.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

// The token opens NATS as it opens HTTP. Answers come below an inbox of its own, which its public half names.
const token = process.env.DAYBOOK_TOKEN ?? (await readFile('.daybook/token', 'utf8')).trim()
const nats = await connect({
  servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222',
  token,
  inboxPrefix: `_INBOX_${token.split('_')[1]}`,
})
// Only an admin may publish here. A token of an agent publishes to daybook.queue.<tenant>.append.agent.<its id>.
const subject = process.env.DAYBOOK_SUBJECT ?? 'daybook.queue.main.append'
const queue = jetstream(nats)
const [runId, effectId] = [ulid(), ulid()]

await publish('RUN_CREATED', {
  runId,
  processId: 'examples/greet',
  entrypoint: { importPath: 'publish.mjs', exportName: 'default' },
})
await publish('EFFECT_REQUESTED', {
  effectId,
  invocationKey: 'examples/greet:hello',
  stepId: 'S1',
  taskId: 'hello',
  kind: 'agent',
  label: 'say hello',
})
await publish('EFFECT_RESOLVED', { effectId, status: 'ok', result: { text: 'Hello from a plain publisher' } })
await publish('RUN_COMPLETED', { output: { greeted: true } })
process.stdout.write(`Published the run ${runId}. See it: npx daybook run:events ${runId}\n`)
await nats.drain()

/** The acknowledgement says "queued, and kept". The id makes it safe to publish the same event again after a time-out. */
async function publish(type, data) {
  const event = {
    id: ulid(),
    stream: `run/${runId}`,
    type,
    v: 1,
    data,
    actor: { kind: 'agent', id: 'publish-run' },
    occurredAt: new Date().toISOString(),
  }
  await queue.publish(subject, JSON.stringify({ events: [event] }), { msgID: event.id })
}

/** A ULID: 48 bits of time and 80 of chance, in Crockford's base 32. */
function ulid() {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const time = Array.from(
    { length: 10 },
    (_, place) => digits[Math.floor(Date.now() / 32 ** (9 - place)) % 32],
  )
  return [...time, ...Array.from(randomBytes(16), (byte) => digits[byte % 32])].join('')
}
