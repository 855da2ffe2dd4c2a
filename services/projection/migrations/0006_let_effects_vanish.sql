-- When the payload of an EFFECT_REQUESTED is erased, nothing is known any more of the effect: its row goes.
do $$
declare
  schema_name text;
begin
  for schema_name in
    select table_schema from information_schema.tables where table_name = 'effects' and table_type = 'BASE TABLE'
      and table_schema like 'projection\_runs\_%'
  loop
    execute format('grant delete on %I.effects to daybook_projection', schema_name);
  end loop;
end
$$;
