-- A cache for time travel: what stretches of the events of a long stream made of it, so that its state as of any event
-- is a few events away. Everything here is made of the journal when it is missing, and any of it may go at any time:
-- by `truncate`, row by row, or with a crash of the server, since the table is not logged.
create unlogged table projection.state_segments (
  tenant    text    not null,
  stream    text    not null,
  fold      integer not null check (fold > 0), -- the version of the code that made it; other code does not read it
  after_seq bigint  not null check (after_seq >= 0),
  seq       bigint  not null check (seq > after_seq), -- the last event of the stretch
  -- The journal has to have this event still: it was not put back to before it.
  position  bigint  not null,
  hash      text    not null,
  state     text    not null, -- of the run itself after `seq`, as JSON
  touched   text    not null, -- which effects the stretch changed, and by which events they were made, as JSON
  noted     text    not null, -- those of them that further events told something of, without their payloads, as JSON
  primary key (tenant, stream, fold, seq)
);

grant select, insert, update, delete, truncate on projection.state_segments to daybook_projection;
grant select on projection.state_segments to daybook_reader;

alter table projection.state_segments enable row level security;
create policy projection_all on projection.state_segments for all to daybook_projection using (true) with check (true);
create policy reader_tenant on projection.state_segments for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
