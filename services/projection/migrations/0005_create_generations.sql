-- A projection's tables exist once per generation, each generation in a schema of its own: projection_<name>_g<number>,
-- with its own checkpoints and parked streams. One generation runs: it is read, and events are applied to it. Another
-- one may be built beside it, and is switched in by one transaction.
-- How a new generation's tables look says the schema projection_<name>_layout, whose tables stay empty: a migration that
-- changes the read model changes them, and the next version of the projection is built with them.
do $$
declare
  item record;
begin
  create schema projection_runs_g1;
  grant usage on schema projection_runs_g1 to daybook_projection, daybook_reader;
  for item in select relname from pg_class where relnamespace = 'projection'::regnamespace and relkind = 'r' loop
    execute format('alter table projection.%I set schema projection_runs_g1', item.relname);
  end loop;
end
$$;

create table projection.generations (
  projection        text        not null check (projection ~ '^[a-z][a-z0-9_]{0,30}$'),
  generation        integer     not null check (generation > 0),
  schema_name       text        not null generated always as ('projection_' || projection || '_g' || generation::text) stored,
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
create unique index generations_running_key on projection.generations (projection) where state = 'running';
create unique index generations_building_key on projection.generations (projection) where state = 'building';

insert into projection.generations (projection, generation, version, state, reason, actor_kind, actor_id, switched_at)
values ('runs', 1, 1, 'running', 'the first one', 'service', 'migration', now());

-- A builder tells of itself; everything else goes through the functions below.
grant select, update (builder, seen_at, phase, events_per_second, failure) on projection.generations to daybook_projection;
grant select on projection.generations to daybook_reader;
alter table projection.generations enable row level security;
create policy projection_all on projection.generations for all to daybook_projection using (true) with check (true);
create policy reader_all on projection.generations for select to daybook_reader using (true);

-- Makes a schema with empty tables like those of another one: columns, checks, keys, rights and row-level security.
-- Indexes that are no keys are left out, since loading is faster without; see copy_indexes.
create function projection.copy_tables(source text, target text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  original record;
  part record;
begin
  execute format('create schema %I', target);
  execute format('grant usage on schema %I to daybook_projection, daybook_reader', target);
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
create function projection.copy_indexes(source text, target text) returns void
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
-- reads the tables, since a view that changes within a transaction would not fit its snapshot.
create function projection.publish_views(source text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  original record;
begin
  for original in select relname as name from pg_class where relnamespace = source::regnamespace and relkind = 'r' loop
    begin
      execute format('create or replace view projection.%I with (security_invoker = true) as select * from %I.%I',
        original.name, source, original.name);
    exception
      when invalid_table_definition then -- its columns are others now
        execute format('drop view projection.%I', original.name);
        execute format('create view projection.%I with (security_invoker = true) as select * from %I.%I',
          original.name, source, original.name);
    end;
    execute format('grant select on projection.%I to daybook_projection, daybook_reader', original.name);
  end loop;
end
$$;

select projection.copy_tables('projection_runs_g1', 'projection_runs_layout');
select projection.copy_indexes('projection_runs_g1', 'projection_runs_layout');
select projection.publish_views('projection_runs_g1');

-- What follows runs as the owner, since the service may create and drop nothing. Each is called by the service and does
-- one step from one state to another, or nothing.

-- Begins a generation beside the running one, unless one is being built: then that one is answered.
create function projection.begin_generation(
  of_projection text, of_version integer, for_reason text, by_kind text, by_id text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  found_one integer;
  made projection.generations;
begin
  -- One at a time: the others find what it made.
  perform from projection.generations where projection = of_projection and state = 'running' for update;
  select generation into found_one from projection.generations where projection = of_projection and state = 'building';
  if found_one is not null then
    return found_one;
  end if;
  insert into projection.generations (projection, generation, version, state, reason, actor_kind, actor_id)
  select of_projection, max(generation) + 1, of_version, 'building', for_reason, by_kind, by_id
  from projection.generations where projection = of_projection
  returning * into made;
  perform projection.copy_tables(format('projection_%s_layout', of_projection), made.schema_name);
  return made.generation;
end
$$;

-- The rest of the indexes, and what the planner wants to know, once most rows are there.
create function projection.index_generation(of_projection text, of_generation integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  target text;
  item record;
begin
  select schema_name into strict target from projection.generations
  where projection = of_projection and generation = of_generation and state = 'building';
  -- Of two builders the second finds all indexes made.
  perform pg_advisory_xact_lock(7400004, hashtext(target));
  perform projection.copy_indexes(format('projection_%s_layout', of_projection), target);
  for item in select relname from pg_class where relnamespace = target::regnamespace and relkind = 'r' loop
    execute format('analyze %I.%I', target, item.relname);
  end loop;
end
$$;

-- Puts the generation that was built in the place of the running one; the caller has locked the checkpoints of the
-- running one and brought the other up to them. What was read never becomes older, so one that is behind is refused.
-- The checkpoints of the old one go: whoever is about to apply events to it finds none, and looks for the new one.
create function projection.switch_generation(of_projection text, of_generation integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  new_one projection.generations;
  old_one projection.generations;
  behind boolean;
begin
  select * into strict old_one from projection.generations
  where projection = of_projection and state = 'running' for update;
  select * into strict new_one from projection.generations
  where projection = of_projection and generation = of_generation and state = 'building' for update;
  execute format(
    'select not exists (select from %2$I.checkpoints) or exists (
       select from %1$I.checkpoints o join %2$I.checkpoints n using (name, kind)
       where (n.era, n.position) < (o.era, o.position))', old_one.schema_name, new_one.schema_name)
  into behind;
  if behind then
    raise exception 'generation % of projection % is behind the running one', of_generation, of_projection
      using errcode = '55000';
  end if;
  update projection.generations set state = 'replaced', ended_at = now()
  where projection = of_projection and generation = old_one.generation;
  update projection.generations set state = 'running', switched_at = now(), phase = null, builder = null, failure = null
  where projection = of_projection and generation = of_generation;
  execute format('delete from %I.checkpoints', old_one.schema_name);
  perform projection.publish_views(new_one.schema_name);
end
$$;

-- Gives up the generation that is being built, if one is.
create function projection.cancel_generation(of_projection text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
begin
  update projection.generations set state = 'cancelled', ended_at = now(), phase = null, builder = null
  where projection = of_projection and state = 'building';
  return found;
end
$$;

-- Drops what is of no use any more: the tables of what was given up, and those that were replaced so long ago that
-- nobody can still be reading them. Someone who is lets it wait for the next time.
create function projection.drop_generations(of_projection text, replaced_for interval) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
declare
  ended record;
  dropped integer := 0;
begin
  for ended in
    select generation, schema_name from projection.generations
    where projection = of_projection and dropped_at is null
      and (state = 'cancelled' or state = 'replaced' and ended_at < now() - replaced_for)
    for update skip locked
  loop
    execute format('drop schema if exists %I cascade', ended.schema_name);
    update projection.generations set dropped_at = now()
    where projection = of_projection and generation = ended.generation;
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;

revoke all on function projection.copy_tables(text, text), projection.copy_indexes(text, text),
  projection.publish_views(text), projection.begin_generation(text, integer, text, text, text),
  projection.index_generation(text, integer), projection.switch_generation(text, integer),
  projection.cancel_generation(text), projection.drop_generations(text, interval) from public;
grant execute on function projection.begin_generation(text, integer, text, text, text),
  projection.index_generation(text, integer), projection.switch_generation(text, integer),
  projection.cancel_generation(text), projection.drop_generations(text, interval) to daybook_projection;
