-- Roles belong to the whole cluster, so two databases of one cluster may create them at the same moment.
do $$
declare
  name text;
begin
  foreach name in array array['daybook_gateway', 'daybook_reader'] loop
    begin
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin noinherit', name);
      end if;
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;
  if not pg_has_role('daybook_gateway', 'daybook_reader', 'member') then
    grant daybook_reader to daybook_gateway;
  end if;
exception
  when unique_violation then null; -- the other database's migration granted it first
end
$$;

create schema gateway;
grant usage on schema gateway to daybook_gateway, daybook_reader;

-- Who may call, and what they may do. Of the secret there is only its hash: whoever reads this table can call nobody's
-- name. A plain SHA-256 is enough, since a secret of 256 random bits cannot be guessed however fast one tries.
create table gateway.tokens (
  id          text        not null constraint tokens_id_check check (id ~ '^[a-z0-9]{13}$'),
  tenant      text        not null,
  name        text        not null constraint tokens_name_check check (length(name) between 1 and 100),
  secret_hash bytea       not null constraint tokens_secret_hash_check check (length(secret_hash) = 32),
  actor_kind  text        not null,
  actor_id    text        not null,
  scopes      text[]      not null constraint tokens_scopes_check
    check (cardinality(scopes) > 0 and scopes <@ array['read', 'append', 'approve', 'admin']),
  created_at  timestamptz not null default now(),
  created_by  text        not null,
  expires_at  timestamptz not null constraint tokens_expires_at_check check (expires_at > created_at),
  revoked_at  timestamptz,
  used_at     timestamptz, -- to the minute: it says whether a token is still needed
  constraint tokens_pkey primary key (id)
);

create index tokens_tenant_created_idx on gateway.tokens (tenant, created_at desc, id desc);

-- Nobody, the gateway included, can give a token more rights or a longer life after it was made.
grant select, insert, update (revoked_at, used_at) on gateway.tokens to daybook_gateway;
-- Who reads for a tenant sees its tokens, without the hashes.
grant select (id, tenant, name, actor_kind, actor_id, scopes, created_at, created_by, expires_at, revoked_at, used_at)
  on gateway.tokens to daybook_reader;

alter table gateway.tokens enable row level security;
create policy gateway_all on gateway.tokens for all to daybook_gateway using (true) with check (true);
create policy reader_tenant on gateway.tokens for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
