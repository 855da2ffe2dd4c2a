-- What was queued and could not be accepted, whole and with its reason, until a person decides.
-- The same message refused again (a redelivery, a sender in a loop) is counted, not copied.
create table journal.dead_letters (
  id            text        primary key check (length(id) = 26),
  tenant        text        not null,
  source        text        not null, -- the consumer that refused it
  subject       text        not null,
  fingerprint   bytea       not null check (length(fingerprint) = 32),
  headers       jsonb       not null,
  body          bytea       not null, -- as it came: it may not even be text
  code          text        not null,
  detail        text        not null,
  occurrences   integer     not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at  timestamptz not null default now(),
  constraint dead_letters_fingerprint_key unique (tenant, source, fingerprint)
);
create index dead_letters_tenant_id_idx on journal.dead_letters (tenant, id desc);

grant select, insert, update on journal.dead_letters to daybook_journal;
grant select on journal.dead_letters to daybook_reader;

alter table journal.dead_letters enable row level security;
create policy journal_all on journal.dead_letters to daybook_journal using (true) with check (true);
create policy reader_tenant on journal.dead_letters for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
