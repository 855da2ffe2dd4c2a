-- Read models: all of this schema can be thrown away and built again from the journal.
create schema projection;
grant usage on schema projection to daybook_projection, daybook_reader;

-- How far each projection is, for each kind of stream that it follows. A projection reads all tenants in one go, so
-- this is the one table without a tenant; its numbers are the header Daybook-Position of every answer anyway.
-- A row is updated in the transaction that changes the read model, and only from the value the batch began with: of two
-- instances the second waits here, and then changes nothing.
create table projection.checkpoints (
  name       text        not null,
  version    integer     not null check (version > 0),
  kind       text        not null,
  position   bigint      not null check (position >= 0),
  era        integer     not null check (era > 0),
  updated_at timestamptz not null default now(),
  primary key (name, version, kind)
) with (fillfactor = 50); -- updated with every batch; free space keeps that off the index

grant select, insert, update on projection.checkpoints to daybook_projection;
grant select on projection.checkpoints to daybook_reader;

alter table projection.checkpoints enable row level security;
create policy projection_all on projection.checkpoints for all to daybook_projection using (true) with check (true);
create policy reader_all on projection.checkpoints for select to daybook_reader using (true);
