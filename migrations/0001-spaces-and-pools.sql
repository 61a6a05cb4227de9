-- Spaces, the pool tree, and the free blocks of each pool.
-- What the database itself promises here: a prefix is canonical (cidr), a pool's prefix lies in its parent's, and no
-- two siblings overlap. That a root lies in no other root of its space is the same rule with the space as the parent.

create extension if not exists btree_gist;

create table spaces (
  id          uuid primary key,
  -- Names the partition that holds the space's allocations.
  number      integer generated always as identity unique,
  name        text not null constraint spaces_name_unique unique,
  description text not null default '',
  labels      jsonb not null default '{}',
  version     bigint not null default 1,
  created_at  timestamptz not null default now()
);

create table pools (
  id         uuid primary key,
  space_id   uuid not null constraint pools_space_exists references spaces,
  parent_id  uuid,
  name       text not null,
  policy     jsonb not null,
  labels     jsonb not null default '{}',
  version    bigint not null default 1,
  created_at timestamptz not null default now(),
  constraint pools_id_in_space unique (id, space_id),
  constraint pools_parent_in_space foreign key (parent_id, space_id) references pools (id, space_id),
  constraint pools_name_unique unique nulls not distinct (space_id, parent_id, name)
);
create index pools_by_parent on pools (parent_id);
create index pools_by_labels on pools using gin (labels jsonb_path_ops);

create table pool_prefixes (
  pool_id       uuid not null,
  prefix        cidr not null,
  space_id      uuid not null,
  parent_id     uuid,
  -- The prefix of the parent it was taken from.
  parent_prefix cidr,
  primary key (pool_id, prefix),
  constraint pool_prefixes_pool foreign key (pool_id, space_id) references pools (id, space_id) on delete cascade,
  constraint pool_prefixes_parent foreign key (parent_id, parent_prefix) references pool_prefixes (pool_id, prefix),
  constraint pool_prefixes_parent_complete check ((parent_id is null) = (parent_prefix is null)),
  constraint pool_prefixes_inside_parent check (prefix <<= parent_prefix),
  constraint pool_prefixes_no_overlap exclude using gist (coalesce(parent_id, space_id) with =, prefix inet_ops with &&)
);
create index pool_prefixes_by_parent on pool_prefixes (parent_id, parent_prefix);
create index pool_prefixes_by_prefix on pool_prefixes using spgist (prefix inet_ops);

-- Maximal free blocks: no two buddies stand here at the same time. Finding the smallest block that fits is one probe of
-- the second index, whatever the number of siblings.
create table free_blocks (
  pool_id uuid not null,
  prefix  cidr not null,
  -- The pool prefix the block is a part of; blocks never merge beyond it.
  pool_prefix cidr not null,
  primary key (pool_id, prefix),
  constraint free_blocks_pool_prefix foreign key (pool_id, pool_prefix) references pool_prefixes (pool_id, prefix) on delete cascade,
  constraint free_blocks_inside_pool check (prefix <<= pool_prefix)
);
-- By size, so that "the smallest that fits, the lowest of those" is one ascending probe.
create index free_blocks_by_size on free_blocks (pool_id, family(prefix), (128 - masklen(prefix)), prefix);
