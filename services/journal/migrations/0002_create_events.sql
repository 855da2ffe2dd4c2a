create schema journal;
grant usage on schema journal to daybook_journal, daybook_projection, daybook_reader;

-- The last position given out, and the era. The row is locked last in each append, from its insert to its commit: so
-- positions are dense and in the order of commits. The era grows when the journal is restored from a backup.
create table journal.head (
  only_row boolean primary key default true check (only_row),
  position bigint  not null check (position >= 0),
  era      integer not null check (era > 0)
);
insert into journal.head (position, era) values (0, 1);

-- The end of each stream. An append locks the rows of its streams in sorted order and requires that they are as it saw
-- them: that is the only concurrency control there is. A row with seq 0 was named in an expectation and has no event yet.
create table journal.streams (
  tenant text   not null,
  stream text   not null,
  seq    bigint not null check (seq >= 0),
  hash   bytea  not null check (length(hash) = 32),
  primary key (tenant, stream)
) with (fillfactor = 70); -- each append updates the row in place; free space keeps that off the index

create table journal.events (
  position       bigint      primary key check (position > 0),
  tenant         text        not null,
  stream         text        not null,
  kind           text        not null,
  seq            bigint      not null check (seq > 0),
  id             text        not null check (length(id) = 26),
  type           text        not null,
  v              integer     not null check (v > 0),
  key            text,
  data           text        not null, -- canonical JSON (RFC 8785): exactly the bytes under the checksum
  actor_kind     text        not null,
  actor_id       text        not null,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null,
  correlation_id text,
  causation_id   text,
  traceparent    text,
  checksum       bytea       not null check (length(checksum) = 32),
  prev           bytea       not null check (length(prev) = 32),
  hash           bytea       not null check (length(hash) = 32),
  constraint events_stream_seq_key unique (tenant, stream, seq),
  constraint events_id_key unique (tenant, id)
);
create unique index events_stream_key_key on journal.events (tenant, stream, key) where key is not null;
-- Consumers follow one kind by position.
create index events_kind_position_idx on journal.events (kind, position);

-- Append-only is a promise of the product, so the database keeps it too, also against its own owner's slip of the hand.
create function journal.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'journal.events is append-only: % is refused', tg_op using errcode = '42501';
end
$$;
create trigger events_append_only before update or delete or truncate on journal.events
  for each statement execute function journal.refuse_change();

-- What an append calls when a stream no longer ends where it was seen: the statement fails whole and is tried anew.
create function journal.lost_race() returns integer language plpgsql as $$
begin
  raise exception 'another instance has moved one of the streams' using errcode = '40001';
end
$$;

grant select, insert on journal.events to daybook_journal;
grant select, insert, update on journal.streams to daybook_journal;
grant select, update on journal.head to daybook_journal;
grant select on journal.events, journal.head to daybook_projection, daybook_reader;

-- The journal and the projections serve all tenants; whoever reads for a request sees one tenant only, and nothing at
-- all while no tenant is set.
alter table journal.events enable row level security;
create policy journal_all on journal.events to daybook_journal using (true) with check (true);
create policy projection_all on journal.events for select to daybook_projection using (true);
create policy reader_tenant on journal.events for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));

alter table journal.streams enable row level security;
create policy journal_all on journal.streams to daybook_journal using (true) with check (true);
