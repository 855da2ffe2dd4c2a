import { type QueryExecutorProvider, sql } from 'kysely'

/** Everything about the tables of a schema that a new generation must have as well. */
export function describeTables(executor: QueryExecutorProvider, schema: string): Promise<unknown[]> {
  const inSchema = `relnamespace = '${schema}'::regnamespace`
  const parts = [
    `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid) as fallback, c.reloptions, c.relrowsecurity
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relkind = 'r' and ${inSchema} order by 1, 2`,
    `select c.relname, k.conname, pg_get_constraintdef(k.oid) as definition
     from pg_constraint k join pg_class c on c.oid = k.conrelid where ${inSchema} order by 1, 2`,
    `select relname, replace(pg_get_indexdef(oid), '${schema}.', '') as definition
     from pg_class where relkind = 'i' and ${inSchema} order by 1`,
    `select c.relname, x.grantee::regrole::text as role, x.privilege_type
     from pg_class c, aclexplode(c.relacl) x where relkind = 'r' and ${inSchema} order by 1, 2, 3`,
    `select tablename, policyname, permissive, roles::text, cmd, qual, with_check
     from pg_policies where schemaname = '${schema}' order by 1, 2`,
  ]
  return Promise.all(parts.map(async (part) => (await sql.raw(part).execute(executor)).rows))
}
