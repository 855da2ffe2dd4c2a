-- Event types that users have added. Events name a version of a type, so a version is added once and never changed.
-- Rows get their number under a lock that is held to the commit: numbers are dense and in the order of commits, and who
-- has read up to one has read all before it.
create table journal.schemas (
  number      bigint      not null constraint schemas_number_check check (number > 0),
  tenant      text        not null,
  kind        text        not null,
  type        text        not null,
  v           integer     not null constraint schemas_v_check check (v > 0),
  description text        not null,
  schema      text        not null, -- JSON Schema as canonical JSON (RFC 8785), references and words included
  actor_kind  text        not null,
  actor_id    text        not null,
  added_at    timestamptz not null default now(),
  constraint schemas_pkey primary key (number),
  constraint schemas_type_v_key unique (tenant, type, v)
);

-- Without the exception that events have for erasures: a schema holds nobody's data.
create function journal.refuse_schema_change() returns trigger language plpgsql as $$
begin
  raise exception 'journal.schemas is append-only: % is refused', tg_op using errcode = '42501';
end
$$;
create trigger schemas_append_only before update or delete or truncate on journal.schemas
  for each statement execute function journal.refuse_schema_change();

-- A version follows the one before it and stays in the kind of the type, whoever inserts it.
create function journal.require_next_version() returns trigger language plpgsql as $$
begin
  if new.v > 1 and not exists (
    select from journal.schemas
    where tenant = new.tenant and type = new.type and v = new.v - 1 and kind = new.kind
  ) then
    raise exception 'version % of % has no version before it of the kind %', new.v, new.type, new.kind
      using errcode = '23514';
  end if;
  return new;
end
$$;
create trigger schemas_in_order before insert on journal.schemas
  for each row execute function journal.require_next_version();

grant select, insert on journal.schemas to daybook_journal;
grant select on journal.schemas to daybook_reader;

alter table journal.schemas enable row level security;
create policy journal_all on journal.schemas to daybook_journal using (true) with check (true);
create policy reader_tenant on journal.schemas for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
