-- Erasure: payloads go, headers and checksums stay. What is to go says an event PAYLOADS_ERASED, which is in the journal
-- before anything goes; the functions here carry out such an event and nothing else. Each may be called again.

-- How far the journal has been looked through: for what events refer to, and for erasures that were carried out in the
-- tables, in the bundles of the archive, in the blobs, and in JetStream. A step that was interrupted begins again after
-- its position.
create table journal.erasure_progress (
  step     text   constraint erasure_progress_pkey primary key
    constraint erasure_progress_step_check check (step in ('references', 'payloads', 'bundles', 'blobs', 'stream')),
  position bigint not null constraint erasure_progress_position_check check (position >= 0)
);
insert into journal.erasure_progress (step, position)
  values ('references', 0), ('payloads', 0), ('bundles', 0), ('blobs', 0), ('stream', 0);

-- Which events refer to which blobs. Filled when it is needed, by looking through what was appended since the last time,
-- so that appends do not pay for it.
create table journal.blob_references (
  tenant   text   not null,
  sha256   bytea  not null constraint blob_references_sha256_check check (length(sha256) = 32),
  position bigint not null,
  constraint blob_references_pkey primary key (tenant, sha256, position)
);
create index blob_references_position_idx on journal.blob_references (position);

-- When a producer kept a blob that was there already: it is about to refer to it.
alter table journal.blobs add column kept_again_at timestamptz;

-- The hashes in a payload that may be those of blobs, as {"$blob":…} and in the lists of files of an import. A hash that
-- is none of a blob's does no harm. In a text of the payload the quotes are escaped, so none is found there.
create function journal.references_in(data text) returns setof bytea language sql immutable as $$
  select distinct decode(found[1], 'hex')
  from regexp_matches(data, '"(?:[$]blob|sha256)"\s*:\s*"([0-9a-f]{64})"', 'g') as found
$$;

-- Adds what the events of these positions refer to, themselves or through a list that is kept as a blob.
create function journal.add_references(first bigint, last bigint) returns void language plpgsql as $$
begin
  insert into journal.blob_references (tenant, sha256, position)
    select e.tenant, referred.sha256, e.position
    from journal.events e cross join lateral journal.references_in(e.data) as referred (sha256)
    where e.position between first and last and (e.data like '%"$blob":"%' or e.data like '%"sha256":"%')
    on conflict do nothing;
  insert into journal.blob_references (tenant, sha256, position)
    select r.tenant, referred.sha256, r.position
    from journal.blob_references r join journal.blobs b using (tenant, sha256)
    cross join lateral journal.references_in(encode(b.content, 'escape')) as referred (sha256)
    where r.position between first and last and b.media_type like 'application/json%'
    on conflict do nothing;
end
$$;

-- Looks through so many positions at most. Answers how many are left.
create function journal.collect_references(positions_max bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  done bigint;
  head bigint;
  upto bigint;
begin
  select position into done from journal.erasure_progress where step = 'references' for update;
  select position into head from journal.head;
  upto := least(head, done + positions_max);
  perform journal.add_references(done + 1, upto);
  update journal.erasure_progress set position = upto where step = 'references';
  return head - upto;
end
$$;

-- The positions of the events that an erasure names; refuses what is not the record of an erasure.
create function journal.erased_positions(record bigint) returns bigint[] language plpgsql as $$
declare
  named bigint[];
begin
  select array_agg(named_event.position order by named_event.position) into named
  from journal.events r
  cross join lateral jsonb_to_recordset(r.data::jsonb -> 'events') as named_event (id text, position bigint)
  join journal.events e on e.position = named_event.position and e.id = named_event.id and e.tenant = r.tenant
  where r.position = record and r.kind = 'erasure' and r.type = 'PAYLOADS_ERASED'
    -- What tells of erasures, holds and archives stays.
    and e.kind not in ('erasure', 'hold', 'archive');
  if named is null then
    raise exception 'position % is not the record of an erasure', record using errcode = '42501';
  end if;
  return named;
end
$$;

-- Takes the payloads of the events that a PAYLOADS_ERASED names. Answers how many were still there, or in an archive.
create function journal.erase_payloads(record bigint) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  named bigint[] := journal.erased_positions(record);
  erasure text;
  gone integer;
begin
  select substr(stream, length('erasure/') + 1) into erasure from journal.events where position = record;
  -- Afterwards nobody can see any more what they referred to.
  perform journal.add_references(least_position, greatest_position)
    from (select min(p) as least_position, max(p) as greatest_position
          from unnest(named) with ordinality as n (p, nth) group by p - nth) ranges;
  perform set_config('daybook.erasure', erasure, true);
  update journal.events set data = null, erasure_id = erasure
    where position = any(named) and (data is not null or erasure_id like 'archive:%');
  get diagnostics gone = row_count;
  perform set_config('daybook.erasure', '', true);
  return gone;
end
$$;

-- Takes the blobs that only erased events refer to, of those that the events of a PAYLOADS_ERASED refer to. Answers how
-- many have to wait, since somebody has kept them anew a moment ago and is about to refer to them.
create function journal.erase_blobs(record bigint, patience interval) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  named bigint[] := journal.erased_positions(record);
  whose text;
  unreferred bytea[];
  waiting integer;
begin
  -- Nothing is appended meanwhile, so no new reference is missed. The caller has had all but the last ones collected.
  perform from journal.head for update;
  perform journal.collect_references(1000000000);
  select tenant into whose from journal.events where position = record;
  select array_agg(distinct r.sha256) into unreferred
  from journal.blob_references r
  where r.position = any(named) and r.tenant = whose and not exists (
    select from journal.blob_references other join journal.events e on e.position = other.position
    where other.tenant = whose and other.sha256 = r.sha256
      and (e.data is not null or e.erasure_id like 'archive:%')
  );
  delete from journal.blobs
    where tenant = whose and sha256 = any(unreferred)
      and (kept_again_at is null or kept_again_at < now() - patience);
  select count(*) into waiting from journal.blobs where tenant = whose and sha256 = any(unreferred);
  if waiting = 0 then
    delete from journal.blob_references where tenant = whose and sha256 = any(unreferred);
  end if;
  return waiting;
end
$$;

-- While an erasure is under way, events may lose their payloads; ids and keys change never.
create or replace function journal.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and tg_table_name like 'events%'
    and coalesce(current_setting('daybook.erasure', true), '') <> '' then
    return null;
  end if;
  raise exception 'journal.% is append-only: % is refused', tg_table_name, tg_op using errcode = '42501';
end
$$;

revoke all on function journal.add_references(bigint, bigint), journal.collect_references(bigint),
  journal.erased_positions(bigint), journal.erase_payloads(bigint), journal.erase_blobs(bigint, interval) from public;
grant execute on function journal.collect_references(bigint), journal.erase_payloads(bigint),
  journal.erase_blobs(bigint, interval) to daybook_journal;
grant select, update on journal.erasure_progress to daybook_journal;
grant select on journal.erasure_progress to daybook_reader;
grant update (kept_again_at) on journal.blobs to daybook_journal;
