// A support bot. Daybook hands it every message until it has been worked on, and every answer until it has been sent.
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { connectDaybook, PermanentError, requireSent } from '@daybook/client'

const telegram = process.env.TELEGRAM_URL // https://api.telegram.org/bot<token>
const daybook = await connectDaybook({
  url: process.env.DAYBOOK_URL ?? 'http://127.0.0.1:7400',
  token: process.env.DAYBOOK_TOKEN ?? (await readFile('.daybook/token', 'utf8')).trim(),
})
const bot = daybook.inbound.handle('telegram', answer, { account: 'support', send, onProblem })
await bot.done

/** What this returns is the answer. When it throws, or the process dies, the message is tried again. */
async function answer({ payload }, { signal }) {
  const { message, edited_message: edited } = payload.body
  const { chat, text, message_id } = message ?? edited ?? {}
  if (chat === undefined) throw new PermanentError('This is no message of a chat.')
  if (text === undefined) return undefined // a sticker
  const thought = await think(text, signal)
  return {
    chat_id: chat.id,
    text: edited ? `As you say now: ${thought}` : thought,
    reply_parameters: { message_id },
  }
}

/** Stands for a model. */
async function think(text, signal) {
  await pause(200, undefined, { signal })
  if (/hello|hi\b/i.test(text)) return 'Hello! What can I do for you?'
  if (/invoice/i.test(text)) return 'Your invoice is on its way.'
  if (/thank/i.test(text)) return 'You are welcome.'
  return `I have asked a colleague about “${text}”.`
}

/**
 * One answer to one person. `requireSent` says what a status means: with a 429 it was certainly not sent, and is sent again
 * when Telegram likes; with a 502 nobody knows, and it is not.
 */
async function send({ payload }, { signal }) {
  const response = await fetch(`${telegram}/sendMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
    signal,
  })
  return await requireSent(response)
}

function onProblem({ doing, key, error, retryInMs }) {
  const next = retryInMs === undefined ? '' : `; again in ${retryInMs} ms`
  process.stderr.write(`bot ${process.pid}: ${doing} ${key ?? ''}: ${error}${next}\n`)
}
