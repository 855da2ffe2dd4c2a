import { type Admission, answerCallouts, type Bus } from '@daybook/bus'
import type { Logger } from '@daybook/runtime'
import type { Tokens } from '../tokens/authenticate.ts'

/** How the gateway says to NATS who may come in. */
export interface NatsDoor {
  /** As the user `gateway` of `natsAccounts`. */
  readonly bus: Bus
  /** The secret half of the key that NATS believes. */
  readonly issuerSeed: string
  /** So long at most a connection lives before its token is looked at again. Default one hour. */
  readonly lifeMsMax?: number
}

/** Lets the holders of tokens into NATS, with the tokens that also open HTTP. */
export function admitHolders(
  { bus, ...options }: NatsDoor,
  { tokens, logger }: { tokens: Tokens; logger: Logger },
): AsyncDisposable {
  const authenticate = async (text: string): Promise<Admission | undefined> => {
    const known = await tokens.authenticate(text)
    if (known === undefined) return undefined
    const { tokenId, caller, expiresAtMs } = known
    return { holder: { tokenId, ...caller }, expiresAtMs }
  }
  const isStillGood = async (tokenId: string) => (await tokens.find(tokenId)) !== undefined
  return answerCallouts(bus, { ...options, authenticate, isStillGood }, logger)
}
