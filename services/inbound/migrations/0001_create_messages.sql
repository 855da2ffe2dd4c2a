-- The read model of inbound messages: a projection with generations, which packages/eventing/migrations has made room for.
-- While a generation is built it has keys and unique constraints only (the other indexes come at the end), so whatever
-- applying events looks up has one of those.
select inbound.create_layout('inbound');

-- Each message as the last event left it. `document` is all of it but the payload, which has a column of its own: it is
-- written once, never read where only the state is wanted, and can go before the rest. `lane` is the name of the stream.
-- The other columns repeat what is looked up by.
create table inbound_inbound_layout.messages (
  tenant        text        not null,
  key           text        not null,
  lane          text        not null,
  source        text        not null,
  account       text        not null,
  conversation  text        not null, -- empty once it was erased, as message_id
  message_id    text        not null,
  state         text        not null
    check (state in ('pending', 'claimed', 'replying', 'completed', 'dead', 'dismissed')),
  lane_order    bigint      not null, -- messages of a lane are worked on in this order
  received_at   timestamptz not null,
  due_at        timestamptz, -- of a pending one: its next attempt; of a claimed one: the end of its lease
  finished_at   timestamptz, -- completed or dismissed
  updated_at    timestamptz not null,
  attempts      integer     not null,
  duplicates    integer     not null,
  -- The first reply that waits to be sent, or is being sent, while the message is replying.
  reply_number  integer,
  reply_order   bigint,
  reply_due_at  timestamptz,
  bytes         integer     not null, -- of the document
  payload_bytes integer     not null,
  payload       jsonb,                -- null once it was evicted or erased; JSON's null is a payload too
  has_payload   boolean     not null generated always as (payload is not null) stored,
  document      jsonb       not null,
  primary key (tenant, key),
  -- The first message of a lane in a state is one step down this index, whatever was finished before it and waits behind
  -- it. No two messages of a lane have one order: it is the seq of an event.
  constraint messages_lane_key unique (tenant, lane, state, lane_order)
);

-- Lists are newest first; the key settles equal instants, so that a cursor never skips or repeats. Completed messages are
-- nearly all there are: who wants those finds them without an index of states.
create index messages_received_idx on inbound_inbound_layout.messages (tenant, received_at desc, key desc);
create index messages_source_idx on inbound_inbound_layout.messages (tenant, source, received_at desc, key desc);
create index messages_state_idx
  on inbound_inbound_layout.messages (tenant, state, source, account, received_at, key) where state <> 'completed';

-- What goes first: rows when their time is over, payloads when there are too many.
create index messages_finished_idx on inbound_inbound_layout.messages (tenant, source, finished_at, key)
  where finished_at is not null;
create index messages_evictable_idx on inbound_inbound_layout.messages (tenant, source, finished_at, key)
  where finished_at is not null and has_payload;

-- A conversation: up to which of its events its messages are, and whose turn it is. The head is the first pending or
-- claimed message by lane_order; only it can be claimed, and while it waits for its next attempt all behind it wait too.
-- Replies have a head of their own. Written in the transaction that writes the messages.
create table inbound_inbound_layout.lanes (
  tenant        text   not null,
  lane          text   not null,
  source        text   not null,
  account       text   not null,
  seq           bigint not null, -- the last event that was applied
  last_event_id text   not null,
  head_key      text,
  head_order    bigint,
  head_due_at   timestamptz,
  reply_key     text,
  reply_number  integer,
  reply_order   bigint,
  reply_due_at  timestamptz,
  primary key (tenant, lane)
) with (fillfactor = 70); -- updated with every event; where the heads stay, free space keeps that off the indexes

-- The oldest due one of what a worker asks for, and of all there are. Lanes where nothing waits are in none of these.
create index lanes_head_account_idx on inbound_inbound_layout.lanes (tenant, source, account, head_due_at)
  where head_key is not null;
create index lanes_head_source_idx on inbound_inbound_layout.lanes (tenant, source, head_due_at)
  where head_key is not null;
create index lanes_head_tenant_idx on inbound_inbound_layout.lanes (tenant, head_due_at) where head_key is not null;
create index lanes_head_idx on inbound_inbound_layout.lanes (head_due_at) where head_key is not null;
create index lanes_reply_account_idx on inbound_inbound_layout.lanes (tenant, source, account, reply_due_at)
  where reply_key is not null;
create index lanes_reply_source_idx on inbound_inbound_layout.lanes (tenant, source, reply_due_at)
  where reply_key is not null;
create index lanes_reply_tenant_idx on inbound_inbound_layout.lanes (tenant, reply_due_at) where reply_key is not null;
create index lanes_reply_idx on inbound_inbound_layout.lanes (reply_due_at) where reply_key is not null;

-- What the rows of messages come to, by name: messages in each state, payloads that are kept, attempts, duplicates,
-- conflicts, replies in each state. Changed with the rows, so that nobody has to count them.
create table inbound_inbound_layout.totals (
  tenant  text   not null,
  source  text   not null,
  account text   not null,
  name    text   not null,
  total   bigint not null,
  primary key (tenant, source, account, name)
) with (fillfactor = 50); -- updated with every batch; free space keeps that off the index

select inbound.show_to_service('inbound', name, rights)
from (values
  ('messages', 'select, insert, update, delete, truncate'),
  ('lanes', 'select, insert, update, truncate'),
  ('totals', 'select, insert, update, truncate')
) as readable (name, rights);

select inbound.begin_projection('inbound', 1);
