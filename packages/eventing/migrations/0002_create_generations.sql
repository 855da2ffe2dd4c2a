-- The read models of a service, each a projection whose tables exist once per generation, each generation in a schema
-- of its own: {{schema}}_<projection>_g<number>, with its own checkpoints and parked streams. One generation runs: it
-- is read, and events are applied to it. Another one may be built beside it, and is switched in by one transaction.
-- How a new generation's tables look says the schema {{schema}}_<projection>_layout, whose tables stay empty: a
-- migration that changes the read model changes them, and the next version of the projection is built with them.
create schema {{schema}};
grant usage on schema {{schema}} to {{role}}, daybook_reader;

create table {{schema}}.generations (
  projection        text        not null check (projection ~ '^[a-z][a-z0-9_]{0,30}$'),
  generation        integer     not null check (generation > 0),
  schema_name       text        not null generated always as ('{{schema}}_' || projection || '_g' || generation::text) stored,
  version           integer     not null check (version > 0),
  state             text        not null check (state in ('building', 'running', 'replaced', 'cancelled')),
  reason            text        not null,
  actor_kind        text        not null,
  actor_id          text        not null,
  requested_at      timestamptz not null default now(),
  switched_at       timestamptz,
  ended_at          timestamptz,
  dropped_at        timestamptz,
  -- What the instance that builds it tells now and then. Another one goes on when this one is silent.
  builder           text,
  seen_at           timestamptz,
  phase             text        check (phase in ('loading', 'indexing', 'switching')),
  events_per_second double precision,
  failure           text,
  primary key (projection, generation)
);
create unique index generations_running_key on {{schema}}.generations (projection) where state = 'running';
create unique index generations_building_key on {{schema}}.generations (projection) where state = 'building';

-- A builder tells of itself; everything else goes through the functions below.
grant select, update (builder, seen_at, phase, events_per_second, failure) on {{schema}}.generations to {{role}};
grant select on {{schema}}.generations to daybook_reader;
alter table {{schema}}.generations enable row level security;
create policy {{role}}_all on {{schema}}.generations for all to {{role}} using (true) with check (true);
create policy reader_all on {{schema}}.generations for select to daybook_reader using (true);

-- Makes a schema with empty tables like those of another one: columns, checks, keys, rights and row-level security.
-- Indexes that are no keys are left out, since loading is faster without; see copy_indexes.
create function {{schema}}.copy_tables(source text, target text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  original record;
  part record;
begin
  execute format('create schema %I', target);
  execute format('grant usage on schema %I to {{role}}, daybook_reader', target);
  for original in
    select c.oid, c.relname as name, c.reloptions, c.relacl, c.relowner, c.relrowsecurity
    from pg_class c where c.relnamespace = source::regnamespace and c.relkind = 'r'
  loop
    execute format('create table %I.%I (like %I.%I including all excluding indexes)',
      target, original.name, source, original.name);
    if original.reloptions is not null then
      execute format('alter table %I.%I set (%s)', target, original.name, array_to_string(original.reloptions, ', '));
    end if;
    for part in
      select conname, pg_get_constraintdef(oid) as definition
      from pg_constraint where conrelid = original.oid and contype in ('p', 'u')
    loop
      execute format('alter table %I.%I add constraint %I %s', target, original.name, part.conname, part.definition);
    end loop;
    for part in
      select privilege_type as privilege, grantee::regrole as role
      from aclexplode(original.relacl) where grantee not in (0, original.relowner)
    loop
      execute format('grant %s on %I.%I to %s', part.privilege, target, original.name, part.role);
    end loop;
    if original.relrowsecurity then
      execute format('alter table %I.%I enable row level security', target, original.name);
    end if;
    for part in
      select policyname, cmd, qual, with_check, permissive,
        (select string_agg(quote_ident(role), ', ') from unnest(roles) as role) as roles
      from pg_policies where schemaname = source and tablename = original.name
    loop
      execute format('create policy %I on %I.%I as %s for %s to %s', part.policyname, target, original.name,
        part.permissive, part.cmd, part.roles)
        || coalesce(' using (' || part.qual || ')', '') || coalesce(' with check (' || part.with_check || ')', '');
    end loop;
  end loop;
end
$$;

-- Makes the indexes that copy_tables left out; those that are there already stay.
create function {{schema}}.copy_indexes(source text, target text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  original record;
begin
  for original in
    select i.relname as name, pg_get_indexdef(i.oid) as definition
    from pg_index x join pg_class i on i.oid = x.indexrelid
    where i.relnamespace = source::regnamespace
      and not exists (select from pg_constraint where conindid = i.oid)
      and not exists (select from pg_class made where made.relnamespace = target::regnamespace and made.relname = i.relname)
  loop
    execute replace(original.definition, format(' ON %I.', source), format(' ON %I.', target));
  end loop;
end
$$;

-- Names that stay, for people who read with SQL: views of the tables of the generation that runs. The service itself
-- reads the tables, since a view that changes within a transaction would not fit its snapshot. The tables that every
-- projection has are shown under its name: {{schema}}.<projection>_checkpoints.
create function {{schema}}.publish_views(source text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  original record;
  of_projection text := substring(source from '^{{schema}}_(.*)_g[0-9]+$');
begin
  for original in
    select relname as name,
      case when relname in ('checkpoints', 'parked_streams') then format('%s_%s', of_projection, relname)
        else relname end as view_name
    from pg_class where relnamespace = source::regnamespace and relkind = 'r'
  loop
    begin
      execute format('create or replace view {{schema}}.%I with (security_invoker = true) as select * from %I.%I',
        original.view_name, source, original.name);
    exception
      when invalid_table_definition then -- its columns are others now
        execute format('drop view {{schema}}.%I', original.view_name);
        execute format('create view {{schema}}.%I with (security_invoker = true) as select * from %I.%I',
          original.view_name, source, original.name);
    end;
    execute format('grant select on {{schema}}.%I to {{role}}, daybook_reader', original.view_name);
  end loop;
end
$$;
