-- The read model of sessions: a projection of its own, with generations as that of runs has them (0005).
create schema projection_sessions_g1;
grant usage on schema projection_sessions_g1 to daybook_projection, daybook_reader;

-- As those of runs: every projection has these two.
create table projection_sessions_g1.checkpoints (
  name       text        not null,
  version    integer     not null check (version > 0),
  kind       text        not null,
  position   bigint      not null check (position >= 0),
  era        integer     not null check (era > 0),
  updated_at timestamptz not null default now(),
  primary key (name, version, kind)
) with (fillfactor = 50);

create table projection_sessions_g1.parked_streams (
  name           text        not null,
  version        integer     not null,
  tenant         text        not null,
  stream         text        not null,
  seq            bigint      not null check (seq > 0),
  position       bigint      not null check (position > 0),
  code           text        not null,
  detail         text        not null,
  occurrences    integer     not null default 1,
  dead_letter_id text        not null,
  parked_at      timestamptz not null default now(),
  primary key (name, version, tenant, stream)
);

-- The state of each session as the last event left it. `document` is the whole summary, `bytes` its length as JSON; the
-- other columns repeat what is filtered or sorted by.
create table projection_sessions_g1.sessions (
  tenant     text        not null,
  session_id text        not null,
  status     text        not null,
  principal  text        not null,
  channel    text,
  parent_id  text,
  created_at timestamptz not null,
  bytes      integer     not null,
  document   jsonb       not null,
  primary key (tenant, session_id)
) with (fillfactor = 70); -- a session is updated many times while it goes on

-- Lists are newest first; the session id settles equal instants, so that a cursor never skips or repeats.
create index sessions_created_idx on projection_sessions_g1.sessions (tenant, created_at desc, session_id desc);
create index sessions_status_idx on projection_sessions_g1.sessions (tenant, status, created_at desc, session_id desc);
create index sessions_principal_idx
  on projection_sessions_g1.sessions (tenant, principal, created_at desc, session_id desc);
create index sessions_channel_idx on projection_sessions_g1.sessions (tenant, channel, created_at desc, session_id desc)
  where channel is not null;
create index sessions_parent_idx on projection_sessions_g1.sessions (tenant, parent_id, created_at desc, session_id desc)
  where parent_id is not null;

-- The runs that were linked to a session. Those that were created with its id say so themselves: projection.runs.
create table projection_sessions_g1.session_runs (
  tenant     text    not null,
  session_id text    not null,
  run_id     text    not null,
  linked_seq bigint  not null,
  bytes      integer not null,
  document   jsonb   not null,
  primary key (tenant, session_id, run_id)
);
create index session_runs_linked_idx on projection_sessions_g1.session_runs (tenant, session_id, linked_seq);

do $$
declare
  item record;
begin
  for item in
    select * from (values
      ('checkpoints', 'select, insert, update', 'true'), -- of all tenants: its numbers are in every answer anyway
      ('parked_streams', 'select, insert, update, delete', 'tenant = current_setting(''daybook.tenant'')'),
      ('sessions', 'select, insert, update, truncate', 'tenant = current_setting(''daybook.tenant'')'),
      ('session_runs', 'select, insert, update, delete, truncate', 'tenant = current_setting(''daybook.tenant'')')
    ) as value (name, rights, readable)
  loop
    execute format('grant %s on projection_sessions_g1.%I to daybook_projection', item.rights, item.name);
    execute format('grant select on projection_sessions_g1.%I to daybook_reader', item.name);
    execute format('alter table projection_sessions_g1.%I enable row level security', item.name);
    execute format('create policy projection_all on projection_sessions_g1.%I for all to daybook_projection
      using (true) with check (true)', item.name);
    execute format('create policy reader on projection_sessions_g1.%I for select to daybook_reader using (%s)',
      item.name, item.readable);
  end loop;
end
$$;

-- As before, and now for several projections: the tables that each of them has are shown under its name, but for those of
-- runs, whose names stay: projection.checkpoints, and projection.sessions_checkpoints.
create or replace function projection.publish_views(source text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  original record;
  of_projection text := substring(source from '^projection_(.*)_g[0-9]+$');
begin
  for original in
    select relname as name,
      case when of_projection <> 'runs' and relname in ('checkpoints', 'parked_streams')
        then format('%s_%s', of_projection, relname) else relname end as view_name
    from pg_class where relnamespace = source::regnamespace and relkind = 'r'
  loop
    begin
      execute format('create or replace view projection.%I with (security_invoker = true) as select * from %I.%I',
        original.view_name, source, original.name);
    exception
      when invalid_table_definition then -- its columns are others now
        execute format('drop view projection.%I', original.view_name);
        execute format('create view projection.%I with (security_invoker = true) as select * from %I.%I',
          original.view_name, source, original.name);
    end;
    execute format('grant select on projection.%I to daybook_projection, daybook_reader', original.view_name);
  end loop;
end
$$;

insert into projection.generations (projection, generation, version, state, reason, actor_kind, actor_id, switched_at)
values ('sessions', 1, 1, 'running', 'the first one', 'service', 'migration', now());

select projection.copy_tables('projection_sessions_g1', 'projection_sessions_layout');
select projection.copy_indexes('projection_sessions_g1', 'projection_sessions_layout');
select projection.publish_views('projection_sessions_g1');
