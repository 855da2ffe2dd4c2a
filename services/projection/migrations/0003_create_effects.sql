-- The effects that runs have asked for, in the order of their requests. `document` is the whole effect, `bytes` its
-- length as JSON.
create table projection.effects (
  tenant        text    not null,
  run_id        text    not null,
  effect_id     text    not null,
  status        text    not null,
  kind          text    not null,
  requested_seq bigint  not null,
  bytes         integer not null,
  document      jsonb   not null,
  primary key (tenant, run_id, effect_id)
) with (fillfactor = 85); -- most effects are written twice: requested, resolved

create index effects_requested_idx on projection.effects (tenant, run_id, requested_seq, effect_id);

grant select, insert, update, truncate on projection.effects to daybook_projection;
grant select on projection.effects to daybook_reader;

alter table projection.effects enable row level security;
create policy projection_all on projection.effects for all to daybook_projection using (true) with check (true);
create policy reader_tenant on projection.effects for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
