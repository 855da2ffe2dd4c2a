// A chat platform on this machine, in the shape of Telegram: it delivers updates to a webhook and takes `sendMessage`.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

/** Telegram waits longer; whoever has not answered by then gets the update again. */
const TIMEOUT_MS = 5_000
const BACKOFF_MS = 200
const BACKOFF_MS_MAX = 5_000
/** Every so many calls of `sendMessage` there are "too many requests", for a second. */
const REFUSED_EVERY = 9

/**
 * Delivers as platforms do: in the order of each chat, again and again until it is answered with 2xx, and more often than
 * needed: every third update twice at the same time, and of every fourth one the answer gets lost on the way.
 */
export class ChatPlatform {
  deliveries = 0
  /** What people see: by chat, in the order of arrival. */
  seen = new Map()
  #webhook
  #sendCalls = 0
  #updateId = Date.now()
  #onSend = () => undefined
  #server = createServer((request, response) => this.#serve(request, response))

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${this.#server.address().port}/bot123:test`
  }

  close() {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  setWebhook(url, secret) {
    this.#webhook = { url, secret }
  }

  /** Called when the platform has taken a message of the bot and has not said so yet. */
  onSend(callback) {
    this.#onSend = callback
  }

  /** A person writes or changes a message. Ends when the webhook has taken it. */
  async write(message, { isEdit = false } = {}) {
    const update_id = this.#updateId++
    const now = Math.floor(Date.now() / 1_000)
    const update = isEdit
      ? { update_id, edited_message: { ...message, date: now, edit_date: now } }
      : { update_id, message: { ...message, date: now } }
    const isLost = update_id % 4 === 0
    const deliveries = update_id % 3 === 0 ? 2 : 1
    await Promise.all(Array.from({ length: deliveries }, () => this.#deliver(update)))
    if (isLost) await this.#deliver(update)
  }

  async #deliver(update) {
    for (
      let waitMs = BACKOFF_MS;
      !(await this.#deliverOnce(update));
      waitMs = Math.min(2 * waitMs, BACKOFF_MS_MAX)
    ) {
      await pause(waitMs)
    }
  }

  async #deliverOnce(update) {
    const { url, secret } = this.#webhook
    const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret }
    const request = {
      method: 'POST',
      headers,
      body: JSON.stringify(update),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }
    this.deliveries += 1
    const response = await fetch(url, request).catch(() => undefined)
    if (response === undefined) return false
    if (response.status === 404 || response.status === 401)
      throw new Error(`${url}: ${await response.text()}`)
    return response.ok
  }

  async #serve(request, response) {
    const answer = (status, body) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const message = await json(request)
    this.#sendCalls += 1
    if (this.#sendCalls % REFUSED_EVERY === 0) {
      const description = 'Too Many Requests: retry after 1'
      answer(429, { ok: false, error_code: 429, description, parameters: { retry_after: 1 } })
      return
    }
    const inChat = this.seen.get(message.chat_id) ?? []
    this.seen.set(message.chat_id, [...inChat, message])
    this.#onSend()
    answer(200, { ok: true, result: { message_id: inChat.length + 1, chat: { id: message.chat_id } } })
  }
}
