-- The tree over the whole journal (RFC 9162), and the checkpoints that are signed over it. They are written by a process
-- of its own, the sealer, whose role may read what it seals and add to these tables. The journal's role may only read
-- them, and never sees the key.
do $$
begin
  if not exists (select from pg_roles where rolname = 'daybook_sealer') then
    create role daybook_sealer nologin noinherit;
  end if;
exception
  -- Another database of the same cluster was faster.
  when duplicate_object or unique_violation then null;
end
$$;
grant usage on schema journal to daybook_sealer;

-- Leaf n − 1 is the event at position n. A tile is the node over 256 leaves (level 0), over 256 tiles of level 0 (level
-- 1), and so on; only what is complete is kept, so that no row ever changes. The leaves are kept too: they tell which
-- event was changed, and proofs need not touch the events.
create table journal.tree_tiles (
  level  smallint constraint tree_tiles_level_check check (level between 0 and 6),
  index  bigint   constraint tree_tiles_index_check check (index >= 0),
  root   bytea    not null constraint tree_tiles_root_check check (length(root) = 32),
  leaves bytea    constraint tree_tiles_leaves_check check (length(leaves) = 8192),
  constraint tree_tiles_pkey primary key (level, index),
  constraint tree_tiles_level_0_check check ((level = 0) = (leaves is not null))
);
-- Hashes do not become smaller.
alter table journal.tree_tiles alter column leaves set storage external;

create table journal.checkpoints (
  tree_size bigint      constraint checkpoints_pkey primary key,
  era       integer     not null,
  root      bytea       not null constraint checkpoints_root_check check (length(root) = 32),
  -- The leaves behind the last complete tile, as far as the checkpoint before does not have them. With the tiles they
  -- are the whole tree, and each leaf is kept once here until its tile is complete.
  leaves    bytea       not null,
  note      text        not null, -- as it was signed
  key       text        not null, -- the verifier key, so that a change of keys can be followed
  sealed_at timestamptz not null default now(),
  constraint checkpoints_tree_size_check check (tree_size > 0),
  constraint checkpoints_leaves_check check (length(leaves) % 32 = 0 and length(leaves) <= tree_size % 256 * 32)
);

-- Which checkpoints have been taken outside, and where.
create table journal.anchorings (
  anchor      text        not null,
  tree_size   bigint      not null constraint anchorings_tree_size_fkey references journal.checkpoints,
  place       text        not null,
  anchored_at timestamptz not null default now(),
  constraint anchorings_pkey primary key (anchor, tree_size)
);

create trigger tree_tiles_append_only before update or delete or truncate on journal.tree_tiles
  for each statement execute function journal.refuse_change();
create trigger checkpoints_append_only before update or delete or truncate on journal.checkpoints
  for each statement execute function journal.refuse_change();
create trigger anchorings_append_only before update or delete or truncate on journal.anchorings
  for each statement execute function journal.refuse_change();

grant select (position, hash) on journal.events to daybook_sealer;
create policy sealer_all on journal.events for select to daybook_sealer using (true);
grant select on journal.head to daybook_sealer;
grant select, insert on journal.tree_tiles, journal.checkpoints, journal.anchorings to daybook_sealer;
-- Hashes and counts are of all tenants together, and tell nothing of what is in the events.
grant select on journal.tree_tiles, journal.checkpoints to daybook_journal, daybook_reader;
grant select on journal.anchorings to daybook_journal;

-- Who asks for the proof of an event names it by its id.
grant select on journal.event_ids to daybook_reader;
create policy reader_tenant on journal.event_ids for select to daybook_reader
  using (tenant = current_setting('daybook.tenant'));
