import { type Environment, readConfig } from '@daybook/runtime'
import { type Static, Type } from 'typebox'

const settings = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1 }),
  /** Only serving needs it. */
  NATS_URL: Type.String({ minLength: 1, default: 'nats://127.0.0.1:4222' }),
  HTTP_HOST: Type.String({ minLength: 1, default: '127.0.0.1' }),
  HTTP_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 7402 }),
  LOG_LEVEL: Type.Union(
    [
      Type.Literal('debug'),
      Type.Literal('info'),
      Type.Literal('warn'),
      Type.Literal('error'),
      Type.Literal('silent'),
    ],
    { default: 'info' },
  ),
  /** How often the read models are compared with the journal when no message comes. */
  COMPARE_MS: Type.Integer({ minimum: 10, maximum: 600_000, default: 2_000 }),
  /** Further behind the journal than this, the service says that it is not ready. */
  LAG_MAX: Type.Integer({ minimum: 0, default: 10_000 }),
})

export type ProjectionConfig = Readonly<Static<typeof settings>>

/** Reads the settings of the projection; all faults at once (`invalid-usage`). */
export function readProjectionConfig(env: Environment): ProjectionConfig {
  return readConfig(settings, env)
}
