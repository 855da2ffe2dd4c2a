-- What a service needs of the others in order to follow the journal: a role to be, and what a projection reads. It is
-- what the projection service has, which has it from the journal's own migrations.
-- A deployment may have made the role already, with a password. Roles belong to the whole cluster, so two databases of
-- one cluster may create it at the same moment.
do $$
begin
  begin
    if not exists (select from pg_roles where rolname = '{{role}}') then
      create role {{role}} nologin noinherit;
    end if;
  exception
    when duplicate_object or unique_violation then null;
  end;
  if not pg_has_role('{{role}}', 'daybook_reader', 'member') then
    grant daybook_reader to {{role}};
  end if;
exception
  when unique_violation then null; -- the other database's migration granted it first
end
$$;

-- The service follows the events of all tenants. Who reads for a request takes the reader's role on, and sees one.
grant usage on schema journal to {{role}};
grant select on journal.events, journal.streams, journal.head to {{role}};
create policy {{role}}_all on journal.events for select to {{role}} using (true);
create policy {{role}}_all on journal.streams for select to {{role}} using (true);

-- It keeps dead letters about events of the journal; those of the queue it neither sees nor changes.
grant select, insert, update on journal.dead_letters to {{role}};
grant select, insert on journal.dead_letter_decisions to {{role}};
grant execute on function journal.keep_dead_letter(journal.dead_letters) to {{role}};
create policy {{role}}_events on journal.dead_letters to {{role}}
  using (position is not null) with check (position is not null);
create policy {{role}}_own on journal.dead_letter_decisions to {{role}}
  using (actor_kind = 'service') with check (actor_kind = 'service');
