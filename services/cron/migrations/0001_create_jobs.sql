-- The read model of jobs and their runs: a projection with generations, which packages/eventing/migrations has made room
-- for. While a generation is built it has keys and unique constraints only (the other indexes come at the end), so whatever
-- applying events looks up has one of those.
select cron.create_layout('cron');

-- Each job as the last event left it, with the runs that have not ended. `job` is its name, and the id of its stream. The
-- other columns repeat what is looked up by, or say what the schedule makes of the document.
create table cron_cron_layout.jobs (
  tenant        text        not null,
  job           text        not null,
  phase         text        not null check (phase in ('active', 'paused', 'set-aside', 'deleted')),
  -- What is shown: of a job that is active and for which nothing will ever be due again, that it is over.
  state         text        not null generated always as (
    case when phase = 'active' and due_at is null and open_runs = 0 then 'ended' else phase end) stored,
  seq           bigint      not null, -- the last event that was applied
  last_event_id text        not null,
  -- When time alone makes something happen: null if never. Of a job whose schedule cannot be read any more, when it was
  -- changed last, so that whoever looks for what is due meets it and sets it aside.
  due_at        timestamptz,
  next_at       timestamptz, -- the next time of the schedule that is undecided; due_at may be later, by the jitter
  -- The version of the time zone data that due_at and next_at were found with. Another one may find others.
  tzdata        text        not null,
  open_runs     integer     not null,
  ended_runs    integer     not null, -- rows of runs that have ended: of those keep_runs stay, for keep_days
  keep_runs     integer     not null,
  keep_days     integer     not null,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  bytes         integer     not null, -- of the document
  document      jsonb       not null,
  primary key (tenant, job)
);

create index jobs_due_idx on cron_cron_layout.jobs (due_at, tenant, job) where due_at is not null;
create index jobs_state_idx on cron_cron_layout.jobs (tenant, state, job);
-- Deleted jobs stay for a while, and are not listed with the others.
create index jobs_listed_idx on cron_cron_layout.jobs (tenant, job) where phase <> 'deleted';
create index jobs_tzdata_idx on cron_cron_layout.jobs (tzdata collate "C");
-- Those of which runs are to be cleared away: few at any time, each for a moment.
create index jobs_over_idx on cron_cron_layout.jobs (tenant, job) where ended_runs > keep_runs;

-- Each run as the last event left it, and each stretch of times that were missed. Instants are by the clock that decides
-- what is due.
create table cron_cron_layout.runs (
  tenant      text        not null,
  job         text        not null,
  run         text        not null,
  state       text        not null check (state in ('held', 'queued', 'active', 'retrying',
    'succeeded', 'failed', 'timed-out', 'cancelled', 'skipped', 'missed')),
  slot        timestamptz, -- of a run that somebody wanted now there is none
  cause       text        not null,
  action      text,        -- what its job does, as that was told when the run was changed last; null once that was erased
  decided_at  timestamptz not null,
  decided_seq bigint      not null,
  ended_at    timestamptz,
  ended_seq   bigint,
  target      text,        -- the stream of the run that it started
  -- Of an active run that is for a worker: since when, or from when on, one can have it. While one has it, that is the end
  -- of the lease.
  claim_at    timestamptz,
  bytes       integer     not null, -- of the document
  document    jsonb       not null,
  primary key (tenant, job, run),
  constraint runs_ended_check check (
    (ended_seq is null) = (state in ('held', 'queued', 'active', 'retrying')) and (ended_seq is null) = (ended_at is null))
);

-- The history of a job is newest first. Nearly all runs succeed: who wants those finds them without an index of states.
create index runs_history_idx on cron_cron_layout.runs (tenant, job, decided_seq desc, run desc);
create index runs_state_idx on cron_cron_layout.runs (tenant, job, state, decided_seq desc, run desc)
  where state <> 'succeeded';
create index runs_open_idx on cron_cron_layout.runs (state, tenant, job) where ended_seq is null;
-- Runs of other streams whose end is waited for, and messages of which it is not on record yet that they went out.
create index runs_target_idx on cron_cron_layout.runs (tenant, target) where state = 'active' and target is not null;
create index runs_publish_idx on cron_cron_layout.runs (tenant, job, run) where state = 'active' and action = 'publish';
-- What a worker can have, of all tenants, of a tenant, of a job.
create index runs_claim_idx on cron_cron_layout.runs (claim_at) where claim_at is not null;
create index runs_claim_tenant_idx on cron_cron_layout.runs (tenant, claim_at) where claim_at is not null;
create index runs_claim_job_idx on cron_cron_layout.runs (tenant, job, claim_at) where claim_at is not null;
-- What goes first when there is too much.
create index runs_ended_idx on cron_cron_layout.runs (tenant, job, ended_seq) where ended_seq is not null;

select cron.show_to_service('cron', name, rights)
from (values
  ('jobs', 'select, insert, update, delete, truncate'),
  ('runs', 'select, insert, update, delete, truncate')
) as readable (name, rights);

select cron.begin_projection('cron', 1);

-- Which instance is about to decide about a job, and until when nobody else needs to: `until` by the clock that decides
-- what is due. It saves work and nothing hangs on it, since the journal decides every race; so it is of no generation, can be
-- emptied at any time, and no tenant reads it.
create table cron.picks (
  tenant    text        not null,
  job       text        not null,
  due_at    timestamptz not null,
  picked_by text        not null,
  until     timestamptz not null,
  primary key (tenant, job)
) with (fillfactor = 50); -- written anew for each time of each job; free space keeps that off the index

grant select, insert, update, delete, truncate on cron.picks to daybook_cron;
