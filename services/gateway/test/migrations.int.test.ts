import { type Database, migrate, openDatabase } from '@daybook/database'
import { createTestDatabase, describeWithServer } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, expect, it } from 'vitest'
import { gatewayMigrations } from '../src/service.ts'
import { type GatewayTables, insertToken } from '../src/tokens/store.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

async function open(): Promise<Database<GatewayTables>> {
  const { url = '' } = stack.use(await createTestDatabase())
  return stack.use(openDatabase<GatewayTables>({ url, applicationName: 'test', poolMax: 2 }))
}

function token(tenant: string, id: string): Parameters<typeof insertToken>[2] {
  return {
    id,
    name: tenant,
    actor: { kind: 'user', id: 'ann' },
    scopes: ['read'],
    secretHash: Buffer.alloc(32, 7),
    expiresAt: '2100-01-01T00:00:00.000Z',
    createdBy: 'user:ann',
  }
}

describeWithServer('the tables of the gateway', () => {
  it('are added to a database that has those of an older Daybook, and kept by every later start', async () => {
    const database = await open()
    await sql`create schema journal`.execute(database.kysely)
    await sql`create table journal.events (position bigint)`.execute(database.kysely)
    await sql`insert into journal.events values (1)`.execute(database.kysely)
    expect(await migrate(database, gatewayMigrations)).toEqual(['0001_create_tokens.sql'])
    await insertToken(database, 'main', token('main', '0000000000001'))
    expect(await migrate(database, gatewayMigrations)).toEqual([])
    const { rows } = await sql`select (select count(*)::int from journal.events) as events,
      (select count(*)::int from gateway.tokens) as tokens`.execute(database.kysely)
    expect(rows).toEqual([{ events: 1, tokens: 1 }])
  })

  it('let the gateway give no token more rights, another holder or a longer life', async () => {
    const database = await open()
    await migrate(database, gatewayMigrations)
    await insertToken(database, 'main', token('main', '0000000000001'))
    const asGateway = (statement: string) =>
      database.transaction(async (trx) => {
        await sql`set local role daybook_gateway`.execute(trx)
        return sql.raw(statement).execute(trx)
      })
    for (const change of [
      "update gateway.tokens set scopes = '{admin}'",
      "update gateway.tokens set actor_id = 'eve'",
      "update gateway.tokens set tenant = 'acme'",
      "update gateway.tokens set secret_hash = '\\x00'",
      "update gateway.tokens set expires_at = 'infinity'",
      'delete from gateway.tokens',
      'truncate gateway.tokens',
    ])
      await expect(asGateway(change), change).rejects.toThrow('permission denied')
    await asGateway('update gateway.tokens set revoked_at = now(), used_at = now()')
  })

  it('show a reader the tokens of one tenant, and no hash', async () => {
    const database = await open()
    await migrate(database, gatewayMigrations)
    await insertToken(database, 'main', token('main', '0000000000001'))
    await insertToken(database, 'acme', token('acme', '0000000000002'))
    const read = (columns: string) =>
      database.asTenant('acme', (trx) => sql.raw(`select ${columns} from gateway.tokens`).execute(trx))
    expect((await read('id')).rows).toEqual([{ id: '0000000000002' }])
    await expect(read('secret_hash')).rejects.toThrow('permission denied')
  })

  it('hold nothing that a token cannot be', async () => {
    const database = await open()
    await migrate(database, gatewayMigrations)
    const good = token('main', '0000000000001')
    for (const bad of [
      { id: 'admin' },
      { scopes: [] },
      { secretHash: Buffer.alloc(31) },
      { expiresAt: '2000-01-01T00:00:00.000Z' },
      { name: '' },
    ])
      await expect(insertToken(database, 'main', { ...good, ...bad })).rejects.toThrow('violates check')
  })
})
