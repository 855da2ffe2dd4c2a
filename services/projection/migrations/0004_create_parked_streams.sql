-- Streams that a projection leaves out since one of their events cannot be applied. The row is written in the
-- transaction in which the checkpoint passes that event, and goes in the one that applies what was left out.
create table projection.parked_streams (
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

grant select, insert, update, delete on projection.parked_streams to daybook_projection;
grant select on projection.parked_streams to daybook_reader;

alter table projection.parked_streams enable row level security;
create policy projection_all on projection.parked_streams for all to daybook_projection using (true) with check (true);
create policy reader_tenant on projection.parked_streams for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
