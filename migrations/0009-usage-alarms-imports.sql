-- What a pool's space was used for, over time; the alarms that follow from it; and imports that outlive the request that
-- brought them.

create table usage_samples (
  pool_id     uuid not null constraint usage_samples_pool_exists references pools on delete cascade,
  family      smallint not null check (family in (4, 6)),
  at          timestamptz(3) not null,
  -- The first sample of a day, of an hour, or neither: decides how long it is kept, so that thinning reads only what it deletes.
  grain       text not null check (grain in ('day', 'hour', 'fine')),
  total       numeric(39) not null,
  allocated   numeric(39) not null,
  held        numeric(39) not null,
  quarantined numeric(39) not null,
  delegated   numeric(39) not null,
  free        numeric(39) not null,
  -- Maximal free blocks by prefix length.
  free_blocks jsonb not null,
  primary key (pool_id, family, at)
);
create index usage_samples_by_age on usage_samples (grain, at);

create table alarms (
  id              uuid primary key,
  pool_id         uuid not null constraint alarms_pool_exists references pools on delete cascade,
  family          smallint not null check (family in (4, 6)),
  raised_at       timestamptz(3) not null,
  free_at_raise   numeric(39) not null,
  raise_below     text not null,
  clear_above     text not null,
  cleared_at      timestamptz(3),
  free_at_clear   numeric(39),
  constraint alarms_cleared check ((cleared_at is null) = (free_at_clear is null))
);
create unique index alarms_raised_once on alarms (pool_id, family) where cleared_at is null;
create index alarms_by_pool on alarms (pool_id, id);

-- An import is received whole before any of it is applied: a caller who goes away, or a controller that dies, leaves either
-- nothing or something that another controller goes on with.
create table imports (
  id          uuid primary key,
  kind        text not null check (kind in ('pools', 'allocations')),
  space_id    uuid not null constraint imports_space_exists references spaces,
  mode        text not null check (mode in ('atomic', 'bestEffort')),
  dry_run     boolean not null,
  -- Who brought it: what it does is done in their name.
  actor       jsonb not null,
  request_id  text not null,
  state       text not null check (state in ('receiving', 'waiting', 'running', 'done', 'failed')),
  lines_read  bigint not null default 0,
  lines_done  bigint not null default 0,
  created     bigint not null default 0,
  refused     bigint not null default 0,
  created_at  timestamptz not null,
  touched_at  timestamptz not null,
  finished_at timestamptz
);
create index imports_unfinished on imports (touched_at) where state in ('receiving', 'waiting', 'running');

-- Lines as they were read, until they have been applied.
create table import_chunks (
  import_id uuid not null references imports on delete cascade,
  number    integer not null,
  lines     json not null,
  primary key (import_id, number)
);

create table import_refusals (
  import_id uuid not null references imports on delete cascade,
  line      bigint not null,
  code      text not null,
  detail    text not null,
  content   text not null,
  primary key (import_id, line)
);
