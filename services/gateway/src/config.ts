import { type Environment, httpSettings, readConfig } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const HTTP_URL = {
  pattern: '^https?://[^\\s/?#]+(/[^\\s?#]*)?$',
  description: 'a URL that begins with http:// or https://, without a query',
}

const settings = Type.Object({
  ...httpSettings(7400),
  JOURNAL_URL: Type.String({ ...HTTP_URL, default: 'http://127.0.0.1:7401' }),
  PROJECTION_URL: Type.String({ ...HTTP_URL, default: 'http://127.0.0.1:7402' }),
  /** The largest append request: 4 MiB, the journal's own limit. */
  APPEND_BYTES_MAX: Type.Integer({ minimum: 1_024, default: 4_194_304 }),
  /** The largest blob: 16 MiB, the journal's own limit. */
  BLOB_BYTES_MAX: Type.Integer({ minimum: 1_024, default: 16_777_216 }),
  /** For a service's answer to begin, once it has the whole request. */
  UPSTREAM_TIMEOUT_MS: Type.Integer({ minimum: 100, default: 15_000 }),
})

export type GatewayConfig = Readonly<Static<typeof settings>>

/** Reads the settings of the gateway; all faults at once (`invalid-usage`). */
export function readGatewayConfig(env: Environment): GatewayConfig {
  return readConfig(settings, env)
}
