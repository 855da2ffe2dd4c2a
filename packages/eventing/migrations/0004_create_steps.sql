-- What the service calls. It runs as the owner, since the service may create and drop nothing. Each does one step from
-- one state to another, or nothing.

-- Begins a generation beside the running one, unless one is being built: then that one is answered.
create function {{schema}}.begin_generation(
  of_projection text, of_version integer, for_reason text, by_kind text, by_id text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  found_one integer;
  made {{schema}}.generations;
begin
  -- One at a time: the others find what it made.
  perform from {{schema}}.generations where projection = of_projection and state = 'running' for update;
  select generation into found_one from {{schema}}.generations where projection = of_projection and state = 'building';
  if found_one is not null then
    return found_one;
  end if;
  insert into {{schema}}.generations (projection, generation, version, state, reason, actor_kind, actor_id)
  select of_projection, max(generation) + 1, of_version, 'building', for_reason, by_kind, by_id
  from {{schema}}.generations where projection = of_projection
  returning * into made;
  perform {{schema}}.copy_tables(format('{{schema}}_%s_layout', of_projection), made.schema_name);
  return made.generation;
end
$$;

-- The rest of the indexes, and what the planner wants to know, once most rows are there.
create function {{schema}}.index_generation(of_projection text, of_generation integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  target text;
  item record;
begin
  select schema_name into strict target from {{schema}}.generations
  where projection = of_projection and generation = of_generation and state = 'building';
  -- Of two builders the second finds all indexes made.
  perform pg_advisory_xact_lock(7400004, hashtext(target));
  perform {{schema}}.copy_indexes(format('{{schema}}_%s_layout', of_projection), target);
  for item in select relname from pg_class where relnamespace = target::regnamespace and relkind = 'r' loop
    execute format('analyze %I.%I', target, item.relname);
  end loop;
end
$$;

-- Puts the generation that was built in the place of the running one; the caller has locked the checkpoints of the
-- running one and brought the other up to them. What was read never becomes older, so one that is behind is refused.
-- The checkpoints of the old one go: whoever is about to apply events to it finds none, and looks for the new one.
create function {{schema}}.switch_generation(of_projection text, of_generation integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  new_one {{schema}}.generations;
  old_one {{schema}}.generations;
  behind boolean;
begin
  select * into strict old_one from {{schema}}.generations
  where projection = of_projection and state = 'running' for update;
  select * into strict new_one from {{schema}}.generations
  where projection = of_projection and generation = of_generation and state = 'building' for update;
  execute format(
    'select not exists (select from %2$I.checkpoints) or exists (
       select from %1$I.checkpoints o join %2$I.checkpoints n using (name, kind)
       where (n.era, n.position) < (o.era, o.position))', old_one.schema_name, new_one.schema_name)
  into behind;
  if behind then
    raise exception 'generation % of projection % is behind the running one', of_generation, of_projection
      using errcode = '55000';
  end if;
  update {{schema}}.generations set state = 'replaced', ended_at = now()
  where projection = of_projection and generation = old_one.generation;
  update {{schema}}.generations set state = 'running', switched_at = now(), phase = null, builder = null, failure = null
  where projection = of_projection and generation = of_generation;
  execute format('delete from %I.checkpoints', old_one.schema_name);
  perform {{schema}}.publish_views(new_one.schema_name);
end
$$;

-- Gives up the generation that is being built, if one is.
create function {{schema}}.cancel_generation(of_projection text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
begin
  update {{schema}}.generations set state = 'cancelled', ended_at = now(), phase = null, builder = null
  where projection = of_projection and state = 'building';
  return found;
end
$$;

-- Drops what is of no use any more: the tables of what was given up, and those that were replaced so long ago that
-- nobody can still be reading them. Someone who is lets it wait for the next time.
create function {{schema}}.drop_generations(of_projection text, replaced_for interval) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
declare
  ended record;
  dropped integer := 0;
begin
  for ended in
    select generation, schema_name from {{schema}}.generations
    where projection = of_projection and dropped_at is null
      and (state = 'cancelled' or state = 'replaced' and ended_at < now() - replaced_for)
    for update skip locked
  loop
    execute format('drop schema if exists %I cascade', ended.schema_name);
    update {{schema}}.generations set dropped_at = now()
    where projection = of_projection and generation = ended.generation;
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;

-- The service takes these steps, and migrations alone do the rest.
revoke all on all functions in schema {{schema}} from public;
grant execute on function {{schema}}.begin_generation(text, integer, text, text, text),
  {{schema}}.index_generation(text, integer), {{schema}}.switch_generation(text, integer),
  {{schema}}.cancel_generation(text), {{schema}}.drop_generations(text, interval) to {{role}};
