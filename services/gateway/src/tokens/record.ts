import { openAppends } from '@daybook/client/appends'
import { DaybookError } from '@daybook/errors'
import { createUlids, type Draft } from '@daybook/events'
import { assertCaller, CALLER_HEADER, type Caller } from '@daybook/runtime'
import type { TokenSummary } from './store.ts'

/** Writes into the journal who made and who revoked a token. Codes: those of an append. */
export interface TokenRecord {
  created(
    caller: Caller,
    token: Pick<TokenSummary, 'id' | 'name' | 'actor' | 'scopes' | 'expiresAt'>,
  ): Promise<void>
  revoked(caller: Caller, tokenId: string): Promise<void>
}

/** With its repetitions: a person waits for it, and asks again when the journal is back. */
const TIMEOUT_MS = 5_000

export function openTokenRecord({
  journalUrl,
  callerKey,
}: {
  journalUrl: string
  callerKey: string
}): TokenRecord {
  const append = openAppends({ url: journalUrl, timeoutMs: TIMEOUT_MS })
  const nextId = createUlids()
  const write = async (caller: Caller, draft: Pick<Draft, 'stream' | 'type' | 'data' | 'key'>) => {
    const asserted = assertCaller(callerKey, { ...caller, scopes: ['append'], service: 'gateway' })
    await append({ events: [{ ...draft, id: nextId(), v: 1 }] }, { [CALLER_HEADER]: asserted })
  }
  return {
    created: (caller, { id, name, actor, scopes, expiresAt }) =>
      write(caller, {
        stream: `token/${id}`,
        type: 'TOKEN_CREATED',
        key: 'created',
        data: { tokenId: id, name, actor, scopes, expiresAt },
      }),
    async revoked(caller, tokenId) {
      try {
        await write(caller, {
          stream: `token/${tokenId}`,
          type: 'TOKEN_REVOKED',
          key: 'revoked',
          data: { tokenId },
        })
      } catch (error) {
        // Somebody else has revoked it before, and that stands there.
        if (!(error instanceof DaybookError) || error.code !== 'key-reused') throw error
      }
    },
  }
}
