-- Values too large for an event, kept once by content. An event that refers to one has its hash under its own checksum.
create table journal.blobs (
  tenant     text        not null,
  sha256     bytea       not null check (length(sha256) = 32),
  bytes      integer     not null check (bytes >= 0),
  media_type text        not null,
  content    bytea       not null,
  created_at timestamptz not null default now(),
  primary key (tenant, sha256),
  constraint blobs_content_check check (length(content) = bytes)
);
-- Most large values are text of which a run repeats much, or are compressed already.
alter table journal.blobs alter column content set storage extended;

grant select, insert on journal.blobs to daybook_journal;
grant select on journal.blobs to daybook_reader;

alter table journal.blobs enable row level security;
create policy journal_all on journal.blobs to daybook_journal using (true) with check (true);
create policy reader_tenant on journal.blobs for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
