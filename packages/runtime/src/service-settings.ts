import { Type } from 'typebox'

/** What every service can be told, to be spread into its schema. `port` is the one it listens on unless told otherwise. */
export function httpSettings(port: number) {
  return {
    HTTP_HOST: Type.String({ minLength: 1, default: '127.0.0.1' }),
    /** 0 takes a free one. */
    HTTP_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: port }),
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
  }
}

/** Where the services behind the gateway keep and send things. */
export const backendSettings = {
  DATABASE_URL: Type.String({
    minLength: 1,
    description: 'the address of the database, postgres://user:password@host/name',
  }),
  /** Only serving needs it. */
  NATS_URL: Type.String({ minLength: 1, default: 'nats://127.0.0.1:4222' }),
}
