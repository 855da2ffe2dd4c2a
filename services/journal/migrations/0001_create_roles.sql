-- Group roles carry the rights. A deployment may have made them already, with a password each, so that every service
-- logs in as itself. `noinherit` matters: a service that reads for a tenant must take the reader's role on (set role)
-- and then has that role's rights only.
-- Roles belong to the whole cluster, so two databases of one cluster may create them at the same moment.
do $$
declare
  name text;
begin
  foreach name in array array['daybook_journal', 'daybook_projection', 'daybook_reader'] loop
    begin
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin noinherit', name);
      end if;
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;
  if not pg_has_role('daybook_journal', 'daybook_reader', 'member')
    or not pg_has_role('daybook_projection', 'daybook_reader', 'member') then
    grant daybook_reader to daybook_journal, daybook_projection;
  end if;
exception
  when unique_violation then null; -- the other database's migration granted it first
end
$$;
