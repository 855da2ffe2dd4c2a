-- Version 2 of the read model of runs knows what runs and effects cost and how long they took. The documents hold it; the
-- columns repeat what lists are sorted by. Both are set once, when a run ends, so that the many updates before that touch
-- no index. An instant of a document is text of fixed form in UTC, which sorts as the instant does.
alter table projection_runs_layout.runs
  add column ended_at    text collate "C" generated always as (document->>'endedAt') stored,
  add column duration_ms bigint generated always as ((document->>'durationMs')::bigint) stored;

create index runs_ended_idx on projection_runs_layout.runs (tenant, ended_at desc, run_id desc)
  where ended_at is not null;
create index runs_duration_idx on projection_runs_layout.runs (tenant, duration_ms desc, run_id desc)
  where duration_ms is not null;

-- Whoever resolves an effect may know nothing but its id.
create index effects_id_idx on projection_runs_layout.effects (tenant, effect_id);

-- For migrations that change a layout. Where nothing was applied yet, as in every new installation, there is nothing to
-- build anew: the running generation becomes one of the new version at once. Everywhere else it goes on serving until
-- the service has built the new one beside it.
create function projection.adopt_layout(of_projection text, of_version integer) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  running projection.generations;
  is_fresh boolean;
begin
  select * into strict running from projection.generations
  where projection = of_projection and state = 'running' for update;
  execute format('select not exists (select from %I.checkpoints)', running.schema_name) into is_fresh;
  if not is_fresh then
    return false;
  end if;
  execute format('drop schema %I cascade', running.schema_name);
  perform projection.copy_tables(format('projection_%s_layout', of_projection), running.schema_name);
  perform projection.copy_indexes(format('projection_%s_layout', of_projection), running.schema_name);
  perform projection.publish_views(running.schema_name);
  update projection.generations set version = of_version
  where projection = of_projection and generation = running.generation;
  return true;
end
$$;

revoke all on function projection.adopt_layout(text, integer) from public;

select projection.adopt_layout('runs', 2);
