-- A dead letter stays open until a person has it tried again (requeued) or takes note of it (dismissed). Both are
-- decisions with a reason and an actor, and all of them are kept.
alter table journal.dead_letters
  add column status text not null default 'open'
    constraint dead_letters_status_check check (status in ('open', 'requeued', 'dismissed')),
  -- When what had been refused was accepted after all.
  add column resolved_at timestamptz,
  -- Of an event of the journal that a projection could not apply. Its content stays in the journal, and only there.
  add column stream   text,
  add column seq      bigint,
  add column position bigint,
  add constraint dead_letters_event_check check ((stream is null) = (position is null) and (stream is null) = (seq is null));
create index dead_letters_tenant_status_id_idx on journal.dead_letters (tenant, status, id desc);

create table journal.dead_letter_decisions (
  nth            bigint      generated always as identity primary key,
  dead_letter_id text        not null references journal.dead_letters (id),
  tenant         text        not null,
  action         text        not null check (action in ('requeued', 'dismissed', 'reopened', 'resolved')),
  outcome        text, -- of a requeue that was refused again: its code
  actor_kind     text        not null,
  actor_id       text        not null,
  reason         text        not null,
  decided_at     timestamptz not null default now()
);
create index dead_letter_decisions_letter_idx on journal.dead_letter_decisions (dead_letter_id, nth);

grant select, insert on journal.dead_letter_decisions to daybook_journal, daybook_projection;
grant select on journal.dead_letter_decisions to daybook_reader;
alter table journal.dead_letter_decisions enable row level security;
create policy journal_all on journal.dead_letter_decisions to daybook_journal using (true) with check (true);
create policy projection_own on journal.dead_letter_decisions to daybook_projection
  using (actor_kind = 'service') with check (actor_kind = 'service');
create policy reader_tenant on journal.dead_letter_decisions for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));

-- A projection keeps dead letters about events of the journal; those of the queue it neither sees nor changes.
grant select, insert, update on journal.dead_letters to daybook_projection;
create policy projection_events on journal.dead_letters to daybook_projection
  using (position is not null) with check (position is not null);

-- Keeps a dead letter and answers its id. The same one again is counted, not copied, and is open again whatever had been
-- decided about it: who looks for what is open must see that it goes on. Runs with the rights of its caller.
create function journal.keep_dead_letter(new_letter journal.dead_letters) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  kept journal.dead_letters;
begin
  insert into journal.dead_letters (id, tenant, source, subject, fingerprint, headers, body, code, detail, stream, seq, position)
  values (new_letter.id, new_letter.tenant, new_letter.source, new_letter.subject, new_letter.fingerprint,
    new_letter.headers, new_letter.body, new_letter.code, new_letter.detail, new_letter.stream, new_letter.seq, new_letter.position)
  on conflict (tenant, source, fingerprint) do nothing
  returning * into kept;
  if found then
    return kept.id;
  end if;
  -- Locked, so that of two that come at once each is counted, and one reopens.
  select * into kept from journal.dead_letters letter
  where (letter.tenant, letter.source, letter.fingerprint) = (new_letter.tenant, new_letter.source, new_letter.fingerprint)
  for update;
  update journal.dead_letters letter
  set status = 'open', resolved_at = null, occurrences = letter.occurrences + 1, last_seen_at = now(),
    subject = new_letter.subject, headers = new_letter.headers, code = new_letter.code, detail = new_letter.detail,
    stream = new_letter.stream, seq = new_letter.seq, position = new_letter.position
  where letter.id = kept.id;
  if kept.status <> 'open' then
    insert into journal.dead_letter_decisions (dead_letter_id, tenant, action, outcome, actor_kind, actor_id, reason)
    values (kept.id, kept.tenant, 'reopened', new_letter.code, 'service', kept.source, 'It was refused again.');
  end if;
  return kept.id;
end
$$;
revoke all on function journal.keep_dead_letter(journal.dead_letters) from public;
grant execute on function journal.keep_dead_letter(journal.dead_letters) to daybook_journal, daybook_projection;
