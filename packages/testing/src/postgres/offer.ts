/** A Postgres for tests, as told to each test file. */
export type PostgresOffer = { kind: 'server'; adminUrl: string } | { kind: 'pglite' }

declare module 'vitest' {
  interface ProvidedContext {
    daybookPostgres: PostgresOffer
    /** The folder with what is made once in a test run, see `madeOnce`. */
    daybookMadeOnce: string
  }
}

/** A Postgres server for tests. Disposing ends what was started for it. */
export interface PostgresServer extends AsyncDisposable {
  /** Where it comes from, for the person who reads the test run's output. */
  readonly origin: string
  /** Of its maintenance database, as a user that may create databases. */
  readonly adminUrl: string
}
