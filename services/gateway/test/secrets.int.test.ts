import { request } from 'node:http'
import { afterAll, expect, it } from 'vitest'
import { fetch } from './fixture.ts'
import { startTokens } from './journal-of-tokens.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const { gateway, journal, make, revoke } = stack.use(await startTokens())

/** Sends exactly this, which `fetch` would refuse to. */
function sendRaw(path: string, headers: Record<string, string>, body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(`${gateway.url}${path}`, { method: body ? 'POST' : 'GET', headers }, (answer) => {
      let text = JSON.stringify(answer.headers)
      answer.on('data', (chunk: Buffer) => void (text += String(chunk)))
      answer.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

// Lines are collected at the level debug, from the gateway and from the service behind it.
it('a token stands in no log, no error and no document, wherever it was sent', async () => {
  const { token, id } = await make({ scopes: ['read', 'append'] })
  const [, , secret = ''] = token.split('_')
  const authorization = `Bearer ${token}`
  const json = 'application/json'
  const answers = [
    await sendRaw('/v1/checkpoint', { authorization }),
    await sendRaw('/v1/nowhere', { authorization }),
    await sendRaw('/v1/tokens', { authorization }),
    await sendRaw('/v1/tokens', { authorization, 'content-type': json }, '{"name":1}'),
    await sendRaw('/v1/events', { authorization, 'content-type': json }, '{'),
    await sendRaw('/v1/runs', { authorization, cookie: `token=${token}`, 'daybook-caller': token }),
    // Where it does not belong.
    await sendRaw(`/v1/checkpoint?token=${token}`, {}),
    await sendRaw(`/v1/runs/${token}`, { authorization }),
    await sendRaw('/v1/checkpoint', { authorization: `Basic ${token}` }),
    await sendRaw('/v1/checkpoint', { authorization: `Bearer ${token}x` }),
    await sendRaw('/v1/checkpoint', { 'x-request-id': token }),
    await (await fetch(`${gateway.url}/v1/openapi.json`)).text(),
    await (await fetch(`${gateway.url}/v1/tokens`)).text(),
    await (await fetch(`${gateway.url}/metrics`)).text(),
  ]
  answers.push(await (await revoke(id)).text(), await sendRaw('/v1/checkpoint', { authorization }))
  const logged = [...gateway.lines, ...journal.lines].join('')
  expect(logged).toContain('request answered')
  expect(logged).not.toContain(secret)
  // Whoever names a request by a token gets that name back; nobody else sees it.
  const said = answers.filter((text) => !text.includes(`"x-request-id":"${token}"`))
  expect(said).toHaveLength(answers.length - 1)
  for (const text of said) expect(text).not.toContain(secret)
})
