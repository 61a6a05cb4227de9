-- How much a holder may have, and who waits for what is not free.

create table quotas (
  id         uuid primary key,
  holder     text not null,
  -- Null: all spaces together.
  space_id   uuid constraint quotas_space_exists references spaces,
  -- Limits; null is no limit. A /64 is the unit of IPv6: what is longer counts as one.
  ipv4_addresses numeric,
  ipv6_subnets   numeric,
  -- The same for a single request.
  ipv4_addresses_per_request numeric,
  ipv6_subnets_per_request   numeric,
  -- What the holder had when its changes were last added up: with quota_changes, what it has.
  used_ipv4_addresses numeric not null default 0,
  used_ipv6_subnets   numeric not null default 0,
  version    bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint quotas_one_each unique nulls not distinct (holder, space_id)
);

-- Appended by whoever changes what a holder has, and added up by who holds the quota's turn: so a release waits for nobody.
create table quota_changes (
  quota_id       uuid not null,
  ipv4_addresses numeric not null,
  ipv6_subnets   numeric not null
);
create index quota_changes_by_quota on quota_changes (quota_id);

-- What rests in quarantine is nobody's any more; all else counts, holds too.
create function counted_ipv4(prefix cidr, state text) returns numeric immutable language sql as
  $$ select case when state <> 'quarantined' and family(prefix) = 4 then power(2::numeric, 32 - masklen(prefix))::numeric(39) else 0 end $$;
create function counted_ipv6(prefix cidr, state text) returns numeric immutable language sql as
  $$ select case when state <> 'quarantined' and family(prefix) = 6 then power(2::numeric, greatest(64 - masklen(prefix), 0))::numeric(39) else 0 end $$;

create function note_quota_gains() returns trigger language plpgsql as $$
begin
  if exists (select from quotas) then
    insert into quota_changes select q.id, sum(counted_ipv4(a.prefix, a.state)), sum(counted_ipv6(a.prefix, a.state))
      from added a join quotas q on q.holder = a.holder and (q.space_id is null or q.space_id = a.space_id) group by q.id;
  end if;
  return null;
end $$;

create function note_quota_losses() returns trigger language plpgsql as $$
begin
  if exists (select from quotas) then
    insert into quota_changes select q.id, -sum(counted_ipv4(a.prefix, a.state)), -sum(counted_ipv6(a.prefix, a.state))
      from gone a join quotas q on q.holder = a.holder and (q.space_id is null or q.space_id = a.space_id) group by q.id
      having sum(counted_ipv4(a.prefix, a.state)) > 0 or sum(counted_ipv6(a.prefix, a.state)) > 0;
  end if;
  return null;
end $$;

create function note_quota_moves() returns trigger language plpgsql as $$
begin
  if exists (select from quotas) then
    insert into quota_changes select q.id, sum(c.ipv4), sum(c.ipv6) from (
        select holder, space_id, counted_ipv4(prefix, state) as ipv4, counted_ipv6(prefix, state) as ipv6 from added
        union all select holder, space_id, -counted_ipv4(prefix, state), -counted_ipv6(prefix, state) from gone) c
      join quotas q on q.holder = c.holder and (q.space_id is null or q.space_id = c.space_id) group by q.id
      having sum(c.ipv4) <> 0 or sum(c.ipv6) <> 0;
  end if;
  return null;
end $$;

create trigger allocations_quota_gains after insert on allocations
  referencing new table as added for each statement execute function note_quota_gains();
create trigger allocations_quota_losses after delete on allocations
  referencing old table as gone for each statement execute function note_quota_losses();
create trigger allocations_quota_moves after update on allocations
  referencing old table as gone new table as added for each statement execute function note_quota_moves();

-- Requests that could not be served, in the order of their priority and then of their arrival.
create table waiting_requests (
  id            uuid primary key,
  arrival       bigint generated always as identity,
  state         text not null default 'waiting' check (state in ('waiting', 'served', 'expired', 'cancelled')),
  priority      smallint not null check (priority between 0 and 9),
  -- Any of these may serve it.
  pool_ids      uuid[] not null check (cardinality(pool_ids) > 0),
  -- What nobody else is given while it is the first of its pool's queue.
  kept          cidr,
  holder        text not null,
  request       jsonb not null,
  -- Whose request it is: what is done for it is done in their name.
  actor         jsonb not null,
  request_id    text not null,
  allocation_id uuid,
  -- Why it was cancelled.
  reason        text,
  expires_at    timestamptz not null,
  created_at    timestamptz not null,
  ended_at      timestamptz,
  constraint waiting_requests_end check ((state = 'waiting') = (ended_at is null)),
  constraint waiting_requests_served check ((state = 'served') = (allocation_id is not null))
);
create index waiting_requests_by_pool on waiting_requests using gin (pool_ids) where state = 'waiting';
create index waiting_requests_by_turn on waiting_requests (priority desc, arrival) where state = 'waiting';
create index waiting_requests_by_holder on waiting_requests (holder, id);
create index waiting_requests_by_age on waiting_requests (ended_at) where state <> 'waiting';
