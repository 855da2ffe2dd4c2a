// Runs the bot beside a chat platform on this machine, and counts. --kill: kills the bot (SIGKILL) while it sends.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectDaybook } from '@daybook/client'
import { ChatPlatform } from './platform.mjs'

const SAID = ['Hello', 'Where is my invoice?', 'It says 12 EUR, why?', 'Thank you!']
const FINISHED = new Set(['completed', 'dead', 'dismissed'])
const gateway = process.env.DAYBOOK_URL ?? 'http://127.0.0.1:7400'
const token = process.env.DAYBOOK_TOKEN ?? (await readFile('.daybook/token', 'utf8')).trim()
const daybook = await connectDaybook({ url: gateway, token })

const platform = new ChatPlatform()
const telegram = await platform.listen()
platform.setWebhook(
  `${gateway}/v1/hooks/telegram/support`,
  (await readFile('.daybook/telegram-secret', 'utf8')).trim(),
)

let stopping = false
let bot = startBot()
const kills = process.argv.includes('--kill') ? [5, 11] : []
let sends = 0
platform.onSend(() => {
  sends += 1
  if (kills.includes(sends)) bot.kill('SIGKILL')
})

// Five people at a time, in chats that are new with each run.
const firstChat = Date.now()
const chats = [0, 1, 2, 3, 4].map((index) => firstChat + index)
await Promise.all(chats.map((chat) => converse(chat)))
const messages = await untilFinished(chats.length * SAID.length + 1)
stopping = true
bot.kill('SIGTERM')
platform.close()
print(messages)

/** As a supervisor does: a bot that ends is started again. */
function startBot() {
  const env = { ...process.env, DAYBOOK_URL: gateway, DAYBOOK_TOKEN: token, TELEGRAM_URL: telegram }
  const path = fileURLToPath(new URL('bot.mjs', import.meta.url))
  const child = spawn(process.execPath, [path], { env, stdio: 'inherit' })
  process.stdout.write(`The bot is process ${child.pid}.\n`)
  child.once('exit', () => {
    if (!stopping) bot = startBot()
  })
  return child
}

async function converse(chat) {
  const write = (text, message_id, options) =>
    platform.write({ message_id, chat: { id: chat, type: 'private' }, from: { id: chat }, text }, options)
  for (const [index, text] of SAID.entries()) await write(text, index + 1)
  if (chat === firstChat) await write('Where is my second invoice?', 2, { isEdit: true })
}

async function untilFinished(expected) {
  for (;;) {
    const found = await Promise.all(chats.map((chat) => messagesOf(String(chat))))
    const messages = found.flat()
    if (messages.length === expected && messages.every(({ state }) => FINISHED.has(state))) return messages
    await pause(200)
  }
}

async function messagesOf(conversation) {
  const filter = { source: 'telegram', account: 'support', conversation }
  return await Array.fromAsync(daybook.inbound.list(filter))
}

function print(messages) {
  const answers = [...platform.seen.values()].flat()
  const asText = answers.map((answer) => JSON.stringify(answer))
  const replies = messages.flatMap(({ replies: queued }) => queued)
  const rows = [
    ['messages that people sent', messages.length],
    ['deliveries of the platform', platform.deliveries],
    ['repetitions recognised', messages.reduce((sum, { duplicates }) => sum + duplicates, 0)],
    ['answers that people saw', answers.length],
    ['answers that they saw twice', asText.length - new Set(asText).size],
    ['answers that are ambiguous', replies.filter(({ state }) => state === 'ambiguous').length],
  ]
  for (const [name, count] of rows) process.stdout.write(`${name.padEnd(28)} ${String(count).padStart(4)}\n`)
}
