-- Allocations, partitioned by space so that one space's prefixes can be kept apart by a one-column SP-GiST exclusion
-- constraint: the guarantee "never twice within a space" is the database's own, at a few microseconds a row.

create table allocations (
  id                uuid not null,
  space_id          uuid not null references spaces,
  pool_id           uuid not null,
  pool_prefix       cidr not null,
  prefix            cidr not null,
  state             text not null check (state in ('reserved', 'provisioning', 'active', 'draining', 'drained', 'withdrawing', 'quarantined')),
  holder            text not null,
  service           text not null,
  labels            jsonb not null default '{}',
  device_id         uuid constraint allocations_device_exists references devices,
  -- The parent CA that certifies it; null when it is not to be certified.
  rpki_device_id    uuid constraint allocations_rpki_device_exists references devices,
  origin_as         bigint check (origin_as between 0 and 4294967295),
  -- The revision in which the device, or the parent CA, learns of the latest change: confirmed when applied.
  device_revision   bigint,
  rpki_revision     bigint,
  valid_until       timestamptz,
  quarantined_until timestamptz,
  request           jsonb not null,
  version           bigint not null default 1,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  primary key (id, space_id),
  constraint allocations_pool_in_space foreign key (pool_id, space_id) references pools (id, space_id),
  -- An allocation lies in a prefix its pool has, and the pool keeps that prefix while it does.
  constraint allocations_pool_prefix foreign key (pool_id, pool_prefix) references pool_prefixes (pool_id, prefix),
  constraint allocations_inside_pool check (prefix <<= pool_prefix),
  constraint allocations_device_revision check (device_revision is null or device_id is not null),
  constraint allocations_rpki_revision check (rpki_revision is null or rpki_device_id is not null),
  constraint allocations_quarantine check ((state = 'quarantined') = (quarantined_until is not null))
) partition by list (space_id);

create index allocations_by_pool on allocations (pool_id, prefix);
create index allocations_by_device on allocations (device_id, id) where device_id is not null;
create index allocations_by_rpki_device on allocations (rpki_device_id, id) where rpki_device_id is not null;
create index allocations_by_holder on allocations (holder, id);
create index allocations_by_labels on allocations using gin (labels jsonb_path_ops);
create index allocations_in_quarantine on allocations (pool_id, quarantined_until) where state = 'quarantined';
create index allocations_by_expiry on allocations (valid_until) where valid_until is not null;

-- Gives a new space its partition. Built aside and then attached, so that allocating in other spaces goes on.
create function create_space_partition(space spaces) returns void language plpgsql as $$
declare
  partition text := format('allocations_%s', space.number);
begin
  execute format('create table %I (like allocations including defaults including constraints)', partition);
  execute format('alter table %I add constraint %I exclude using spgist (prefix inet_ops with &&)', partition, 'allocations_no_overlap_' || space.number);
  execute format('alter table allocations attach partition %I for values in (%L)', partition, space.id);
end $$;

-- What is delegated to a child pool is not the parent's to allocate, and what the parent has allocated is not its to
-- delegate. Both orders are refused; the pool's row lock makes the two visible to each other.
create function refuse_allocation_of_delegated_space() returns trigger language plpgsql as $$
declare
  clash record;
begin
  select a.prefix, c.prefix as delegated into clash
    from added a join pool_prefixes c on c.parent_id = a.pool_id and c.parent_prefix = a.pool_prefix and c.prefix && a.prefix limit 1;
  if found then
    raise exception using errcode = 'exclusion_violation', constraint = 'allocations_not_delegated',
      message = format('%s overlaps %s, which is delegated to a child pool', clash.prefix, clash.delegated);
  end if;
  return null;
end $$;
create trigger allocations_not_delegated after insert on allocations
  referencing new table as added for each statement execute function refuse_allocation_of_delegated_space();

create function refuse_delegation_of_allocated_space() returns trigger language plpgsql as $$
declare
  clash record;
begin
  select c.prefix, a.prefix as allocated into clash
    from added c join allocations a on a.space_id = c.space_id and a.pool_id = c.parent_id and a.prefix && c.prefix limit 1;
  if found then
    raise exception using errcode = 'exclusion_violation', constraint = 'pool_prefixes_not_allocated',
      message = format('%s overlaps %s, which the parent has allocated', clash.prefix, clash.allocated);
  end if;
  return null;
end $$;
create trigger pool_prefixes_not_allocated after insert on pool_prefixes
  referencing new table as added for each statement execute function refuse_delegation_of_allocated_space();
