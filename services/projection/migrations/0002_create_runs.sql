-- The state of each run as the last event left it. `document` is the whole summary; the other columns repeat what is
-- filtered or sorted by. `bytes` is the length of the document as JSON, so that a page knows its size without reading.
create table projection.runs (
  tenant     text        not null,
  run_id     text        not null,
  status     text        not null,
  process_id text        not null,
  session_id text,
  created_at timestamptz not null,
  bytes      integer     not null,
  document   jsonb       not null,
  primary key (tenant, run_id)
) with (fillfactor = 70); -- a run is updated many times while it runs

-- Lists are newest first; the run id settles equal instants, so that a cursor never skips or repeats.
create index runs_created_idx on projection.runs (tenant, created_at desc, run_id desc);
create index runs_status_idx on projection.runs (tenant, status, created_at desc, run_id desc);
-- Names of processes and sessions may be longer than an index entry can be, so their beginnings are indexed.
create index runs_process_idx on projection.runs (tenant, left(process_id, 200), created_at desc, run_id desc);
create index runs_session_idx on projection.runs (tenant, left(session_id, 200), created_at desc, run_id desc)
  where session_id is not null;

grant select, insert, update, truncate on projection.runs to daybook_projection;
grant select on projection.runs to daybook_reader;

alter table projection.runs enable row level security;
create policy projection_all on projection.runs for all to daybook_projection using (true) with check (true);
create policy reader_tenant on projection.runs for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
