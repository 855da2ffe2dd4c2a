import { type HmacSettings, hmacScheme } from '../schemes/hmac.ts'
import type { Platform } from './platform.ts'

/** Whoever signs with HMAC-SHA256 in a header. Where its ids are, nobody knows but the settings. */
export function genericPlatform(settings: HmacSettings): Platform {
  return {
    scheme: hmacScheme(settings),
    keptHeaders: [],
    leftOut: [],
    names: () => ({ messageId: undefined, conversation: undefined, eventTime: undefined }),
  }
}
