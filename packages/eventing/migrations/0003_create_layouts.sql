-- What the service's own migrations call: create_layout, then for each of the tables that they create in it
-- show_to_service, and at last begin_projection. All three are given the projection's name.

-- A table of a projection's layout that the service may do `rights` with, and a reader sees one tenant's rows of.
create function {{schema}}.show_to_service(of_projection text, table_name text, rights text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  layout text := format('{{schema}}_%s_layout', of_projection);
begin
  execute format('grant %s on %I.%I to {{role}}', rights, layout, table_name);
  execute format('grant select on %I.%I to daybook_reader', layout, table_name);
  execute format('alter table %I.%I enable row level security', layout, table_name);
  execute format('create policy {{role}}_all on %I.%I for all to {{role}} using (true) with check (true)', layout, table_name);
  execute format('create policy reader_tenant on %I.%I for select to daybook_reader
    using (tenant = current_setting(''daybook.tenant''))', layout, table_name);
end
$$;

-- Begins the layout of a projection with what every one has.
create function {{schema}}.create_layout(of_projection text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  layout text := format('{{schema}}_%s_layout', of_projection);
begin
  execute format('create schema %I', layout);
  execute format('grant usage on schema %I to {{role}}, daybook_reader', layout);
  -- How far the projection is, for each kind of stream that it follows. It reads all tenants in one go, so this is the
  -- one table without a tenant; its numbers are the header Daybook-Position of every answer anyway. A row is updated in
  -- the transaction that changes the read model, and only from the value the batch began with: of two instances the
  -- second waits here, and then changes nothing.
  execute format($sql$
    create table %1$I.checkpoints (
      name       text        not null,
      version    integer     not null check (version > 0),
      kind       text        not null,
      position   bigint      not null check (position >= 0),
      era        integer     not null check (era > 0),
      updated_at timestamptz not null default now(),
      primary key (name, version, kind)
    ) with (fillfactor = 50); -- updated with every batch; free space keeps that off the index
    grant select, insert, update on %1$I.checkpoints to {{role}};
    grant select on %1$I.checkpoints to daybook_reader;
    alter table %1$I.checkpoints enable row level security;
    create policy {{role}}_all on %1$I.checkpoints for all to {{role}} using (true) with check (true);
    create policy reader_all on %1$I.checkpoints for select to daybook_reader using (true);
  $sql$, layout);
  -- Streams that are left out since one of their events cannot be applied. The row is written in the transaction in
  -- which the checkpoint passes that event, and goes in the one that applies what was left out.
  execute format($sql$
    create table %1$I.parked_streams (
      name           text        not null,
      version        integer     not null,
      tenant         text        not null,
      stream         text        not null,
      seq            bigint      not null check (seq > 0), -- the first event that is left out
      position       bigint      not null check (position > 0),
      code           text        not null,
      detail         text        not null,
      occurrences    integer     not null default 1,
      dead_letter_id text        not null, -- in journal.dead_letters: what a person sees of it, and decides
      parked_at      timestamptz not null default now(),
      primary key (name, version, tenant, stream)
    );
  $sql$, layout);
  perform {{schema}}.show_to_service(of_projection, 'parked_streams', 'select, insert, update, delete');
end
$$;

-- The first generation of a projection, once its layout is whole.
create function {{schema}}.begin_projection(of_projection text, of_version integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  first_one {{schema}}.generations;
begin
  insert into {{schema}}.generations
    (projection, generation, version, state, reason, actor_kind, actor_id, switched_at)
  values (of_projection, 1, of_version, 'running', 'the first one', 'service', 'migration', now())
  returning * into first_one;
  perform {{schema}}.fill_generation(first_one);
end
$$;

-- For migrations that change a layout. Where nothing was applied yet, as in every new installation, there is nothing to
-- build anew: the running generation becomes one of the new version at once. Everywhere else it goes on serving until
-- the service has built the new one beside it.
create function {{schema}}.adopt_layout(of_projection text, of_version integer) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  running {{schema}}.generations;
  is_fresh boolean;
begin
  select * into strict running from {{schema}}.generations
  where projection = of_projection and state = 'running' for update;
  execute format('select not exists (select from %I.checkpoints)', running.schema_name) into is_fresh;
  if not is_fresh then
    return false;
  end if;
  execute format('drop schema %I cascade', running.schema_name);
  perform {{schema}}.fill_generation(running);
  update {{schema}}.generations set version = of_version
  where projection = of_projection and generation = running.generation;
  return true;
end
$$;

-- All that a generation has which runs from its beginning.
create function {{schema}}.fill_generation(empty_one {{schema}}.generations) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  layout text := format('{{schema}}_%s_layout', empty_one.projection);
begin
  perform {{schema}}.copy_tables(layout, empty_one.schema_name);
  perform {{schema}}.copy_indexes(layout, empty_one.schema_name);
  perform {{schema}}.publish_views(empty_one.schema_name);
end
$$;
