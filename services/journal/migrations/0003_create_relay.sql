-- Who copies the journal to JetStream, and how far. The epoch grows with each change of hands; a write that names an
-- older epoch changes nothing.
create table journal.relay (
  name       text        primary key,
  epoch      bigint      not null,
  owner      text        not null,
  until      timestamptz not null,
  position   bigint      not null check (position >= 0), -- published up to here
  stream_seq bigint      not null check (stream_seq >= 0) -- JetStream's own number for that message
);
insert into journal.relay (name, epoch, owner, until, position, stream_seq) values ('events', 0, '', '-infinity', 0, 0);

grant select, update on journal.relay to daybook_journal;
