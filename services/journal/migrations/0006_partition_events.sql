-- Events by ranges of positions. A leaf does not change any more once the next one has begun, so an append and a read
-- cost the same in a journal of any size. What is unique over all leaves has tables of its own.
alter table journal.events rename to events_from_1;
alter table journal.events_from_1 rename constraint events_pkey to events_from_1_pkey;
alter table journal.events_from_1 rename constraint events_stream_seq_key to events_from_1_stream_seq_key;
alter index journal.events_kind_position_idx rename to events_from_1_kind_position_idx;

-- A payload can be erased (see the migration of erasures); its checksum stays, and so does the chain over it.
alter table journal.events_from_1 add column erasure_id text;
alter table journal.events_from_1 alter column data drop not null;
alter table journal.events_from_1
  add constraint events_data_check check ((data is null) = (erasure_id is not null)),
  -- The one writer makes hashes of 32 bytes, and every verification compares them whole.
  drop constraint events_checksum_check, drop constraint events_prev_check, drop constraint events_hash_check;

create table journal.events (
  position       bigint      not null constraint events_position_check check (position > 0),
  tenant         text        not null,
  stream         text        not null,
  kind           text        not null,
  seq            bigint      not null constraint events_seq_check check (seq > 0),
  id             text        not null constraint events_id_check check (length(id) = 26),
  type           text        not null,
  v              integer     not null constraint events_v_check check (v > 0),
  key            text,
  data           text, -- canonical JSON (RFC 8785): exactly the bytes under the checksum; null when erased
  actor_kind     text        not null,
  actor_id       text        not null,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null,
  correlation_id text,
  causation_id   text,
  traceparent    text,
  checksum       bytea       not null,
  prev           bytea       not null,
  hash           bytea       not null,
  erasure_id     text,
  constraint events_pkey primary key (position),
  constraint events_data_check check ((data is null) = (erasure_id is not null))
) partition by range (position);
-- Consumers follow one kind by position.
create index events_kind_position_idx on journal.events (kind, position);

-- An id is unique in its tenant, a natural key in its stream, in whatever leaf the event is.
create table journal.event_ids (
  tenant   text   not null,
  id       text   not null,
  position bigint not null,
  constraint event_ids_pkey primary key (tenant, id)
);
insert into journal.event_ids (tenant, id, position)
  select tenant, id, position from journal.events_from_1 order by position;
create table journal.event_keys (
  tenant   text   not null,
  stream   text   not null,
  key      text   not null,
  position bigint not null,
  constraint event_keys_pkey primary key (tenant, stream, key)
);
insert into journal.event_keys (tenant, stream, key, position)
  select tenant, stream, key, position from journal.events_from_1 where key is not null order by position;
alter table journal.events_from_1 drop constraint events_id_key;
drop index journal.events_stream_key_key;

-- Between which positions a stream lies, so that reading it opens those leaves only.
alter table journal.streams add column first_position bigint, add column last_position bigint;
update journal.streams s set first_position = e.first_position, last_position = e.last_position
from (
  select tenant, stream, min(position) as first_position, max(position) as last_position
  from journal.events_from_1 group by tenant, stream
) e
where e.tenant = s.tenant and e.stream = s.stream;
alter table journal.streams
  add constraint streams_positions_check check ((seq = 0) = (first_position is null and last_position is null));

-- Append-only, also for whoever owns the tables. One change there is: a payload goes, named by a setting that nobody
-- makes by accident, and nothing else of the row changes with it.
create or replace function journal.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and coalesce(current_setting('daybook.erasure', true), '') <> '' then
    return null;
  end if;
  raise exception 'journal.% is append-only: % is refused', tg_table_name, tg_op using errcode = '42501';
end
$$;
create function journal.refuse_more_than_erasure() returns trigger language plpgsql as $$
declare
  kept journal.events := new;
begin
  kept.data := old.data;
  kept.erasure_id := old.erasure_id;
  if kept is distinct from old or new.data is not null then
    raise exception 'journal.events is append-only: an erasure takes the payload and nothing else' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger events_append_only before update or delete or truncate on journal.events
  for each statement execute function journal.refuse_change();
create trigger events_erasure_only before update on journal.events
  for each row execute function journal.refuse_more_than_erasure();
create trigger event_ids_append_only before update or delete or truncate on journal.event_ids
  for each statement execute function journal.refuse_change();
create trigger event_keys_append_only before update or delete or truncate on journal.event_keys
  for each statement execute function journal.refuse_change();

-- Which leaf holds which positions.
create table journal.partitions (
  first_position bigint primary key check (first_position > 0),
  last_position  bigint not null check (last_position >= first_position)
);

do $$
declare
  last bigint := (select (position / 1000000 + 1) * 1000000 from journal.head);
begin
  execute format('alter table journal.events attach partition journal.events_from_1 for values from (1) to (%s)', last + 1);
  insert into journal.partitions (first_position, last_position) values (1, last);
end
$$;

-- Makes leaves of `leaf_size` positions until a whole one is empty, and answers up to which position there are leaves.
-- The journal calls it ahead of need; it runs as the owner, since the journal may create nothing.
create function journal.ensure_partitions(leaf_size bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head bigint;
  last bigint;
  leaf text;
begin
  -- One instance at a time; the others find the leaves made.
  perform pg_advisory_xact_lock(7400002);
  select position into head from journal.head;
  select max(last_position) into last from journal.partitions;
  while last < head + leaf_size loop
    leaf := 'events_from_' || (last + 1);
    execute format('create table journal.%I (like journal.events including constraints including storage)', leaf);
    execute format('create unique index %I on journal.%I (tenant, stream, seq)', leaf || '_stream_seq_key', leaf);
    execute format('create trigger events_append_only before update or delete or truncate on journal.%I '
      'for each statement execute function journal.refuse_change()', leaf);
    execute format('alter table journal.%I enable row level security', leaf);
    -- Attaching, unlike creating in place, lets appends go on meanwhile.
    execute format('alter table journal.events attach partition journal.%I for values from (%s) to (%s)',
      leaf, last + 1, last + leaf_size + 1);
    insert into journal.partitions (first_position, last_position) values (last + 1, last + leaf_size);
    last := last + leaf_size;
  end loop;
  return last;
end
$$;
revoke all on function journal.ensure_partitions(bigint) from public;
grant execute on function journal.ensure_partitions(bigint) to daybook_journal;
select journal.ensure_partitions(1000000);

-- Rights are those of the whole; nobody gets any on a leaf.
revoke all on journal.events_from_1 from daybook_journal, daybook_projection, daybook_reader;
drop policy journal_all on journal.events_from_1;
drop policy projection_all on journal.events_from_1;
drop policy reader_tenant on journal.events_from_1;
grant select, insert on journal.events, journal.event_ids, journal.event_keys to daybook_journal;
grant select on journal.events to daybook_projection, daybook_reader;
grant select on journal.streams to daybook_projection, daybook_reader;
grant select on journal.partitions to daybook_journal;

alter table journal.events enable row level security;
create policy journal_all on journal.events to daybook_journal using (true) with check (true);
create policy projection_all on journal.events for select to daybook_projection using (true);
create policy reader_tenant on journal.events for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
alter table journal.event_ids enable row level security;
create policy journal_all on journal.event_ids to daybook_journal using (true) with check (true);
alter table journal.event_keys enable row level security;
create policy journal_all on journal.event_keys to daybook_journal using (true) with check (true);
create policy projection_all on journal.streams for select to daybook_projection using (true);
create policy reader_tenant on journal.streams for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
