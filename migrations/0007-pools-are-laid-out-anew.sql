-- Pools are split and merged, and prefixes move between them. For the length of one statement or two what lies in a prefix
-- is without it: the foreign keys may be asked to wait, and do so only where they are asked.

alter table allocations alter constraint allocations_pool_prefix deferrable initially immediate;
alter table pool_prefixes alter constraint pool_prefixes_parent deferrable initially immediate;
alter table free_blocks alter constraint free_blocks_pool_prefix deferrable initially immediate;

-- A retiring pool gives nothing out any more.
alter table pools add column state text not null default 'active' constraint pools_state check (state in ('active', 'retiring'));
