-- Approvals are effects of kind breakpoint: few among many, so the indexes hold nothing else. Lists go over all runs in
-- the order of asking; an instant of a document is text of fixed form in UTC, which sorts as the instant does. The
-- pending ones have an index of their own, since they are few among the decided ones.
do $$
declare
  schema_name text;
begin
  for schema_name in
    select table_schema from information_schema.tables where table_name = 'effects' and table_type = 'BASE TABLE'
      and table_schema like 'projection\_runs\_%'
  loop
    execute format($sql$
      create index effects_breakpoints_idx on %1$I.effects
        (tenant, (document->>'requestedAt'), run_id, effect_id) where kind = 'breakpoint';
      create index effects_pending_breakpoints_idx on %1$I.effects
        (tenant, (document->>'requestedAt'), run_id, effect_id) where kind = 'breakpoint' and status = 'requested';
    $sql$, schema_name);
  end loop;
end
$$;
