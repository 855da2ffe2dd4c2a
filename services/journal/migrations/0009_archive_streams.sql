-- The archive: payloads of runs that ended long ago are in bundles outside the database, one for each stream, and leave
-- the table. Headers and checksums stay, and a reader gets the payload from the bundle.

-- What stays of it here. A row is there before its bundle is written, so that no bundle is ever unknown.
create table journal.archives (
  id             text        constraint archives_pkey primary key constraint archives_id_check check (length(id) = 26),
  tenant         text        not null,
  stream         text        not null,
  first_seq      bigint      not null,
  last_seq       bigint      not null,
  first_position bigint      not null,
  last_position  bigint      not null,
  location       text        not null, -- of the store, for people
  name           text        not null, -- of the bundle in the store
  sha256         bytea,      -- of the bundle's file; null until it is written
  bytes          bigint,
  created_at     timestamptz not null default now(),
  archived_at    timestamptz, -- when the payloads left the table; null until then
  -- Who writes the bundle, and until when nobody else does.
  claim          text,
  claimed_until  timestamptz not null default '-infinity',
  constraint archives_seqs_check check (first_seq > 0 and last_seq >= first_seq),
  constraint archives_stream_key unique (tenant, stream, first_seq)
);
create index archives_tenant_id_idx on journal.archives (tenant, id desc);

-- Up to where streams that have ended have been looked for.
create table journal.archive_progress (
  only_row boolean constraint archive_progress_pkey primary key default true check (only_row),
  position bigint  not null check (position >= 0)
);
insert into journal.archive_progress (position) values (0);

-- Takes the payloads that a STREAM_ARCHIVED says are in a bundle. `payloads` is how many the bundle holds of them. False,
-- and nothing is changed, when the table holds another number: an erasure came in between, and the bundle has to be
-- written again without what was erased.
create function journal.archive_payloads(record bigint, payloads bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  archive journal.archives;
  said jsonb;
  gone bigint;
begin
  select r.data::jsonb into said from journal.events r
    where r.position = record and r.kind = 'archive' and r.type = 'STREAM_ARCHIVED';
  select a.* into archive from journal.archives a join journal.events r on r.position = record
    where a.tenant = r.tenant and a.id = substr(r.stream, length('archive/') + 1) and a.stream = said ->> 'stream'
    for update of a;
  if not found then
    raise exception 'position % is not the record of an archive', record using errcode = '42501';
  end if;
  -- What they refer to cannot be seen any more afterwards.
  insert into journal.blob_references (tenant, sha256, position)
    select e.tenant, referred.sha256, e.position
    from journal.events e cross join lateral journal.references_in(e.data) as referred (sha256)
    where e.tenant = archive.tenant and e.stream = archive.stream and e.seq between archive.first_seq and archive.last_seq
      and e.position between archive.first_position and archive.last_position
    on conflict do nothing;
  perform set_config('daybook.erasure', 'archive:' || archive.id, true);
  update journal.events e set data = null, erasure_id = 'archive:' || archive.id
    where e.tenant = archive.tenant and e.stream = archive.stream and e.seq between archive.first_seq and archive.last_seq
      and e.position between archive.first_position and archive.last_position
      and e.kind not in ('erasure', 'hold', 'archive') and e.data is not null;
  get diagnostics gone = row_count;
  perform set_config('daybook.erasure', '', true);
  if gone <> payloads then
    raise exception 'the bundle holds % payloads, the table %', payloads, gone using errcode = 'DB001';
  end if;
  update journal.archives set archived_at = now(), claimed_until = '-infinity',
      sha256 = decode(said ->> 'sha256', 'hex'), bytes = (said ->> 'bytes')::bigint
    where id = archive.id;
  return true;
exception
  -- Undoes what the block has done.
  when sqlstate 'DB001' then return false;
end
$$;
revoke all on function journal.archive_payloads(bigint, bigint) from public;
grant execute on function journal.archive_payloads(bigint, bigint) to daybook_journal;

grant select, insert, update on journal.archives to daybook_journal;
grant select on journal.archives to daybook_reader;
grant select, update on journal.archive_progress to daybook_journal;
alter table journal.archives enable row level security;
create policy journal_all on journal.archives to daybook_journal using (true) with check (true);
create policy reader_tenant on journal.archives for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
