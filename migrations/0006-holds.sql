-- A hold is a row of allocations in the state `reserved`: so the same constraint keeps what is held and what is allocated
-- apart, and whatever moves the one moves the other. It says until when, and for which caller.

alter table allocations add column held_by uuid;
alter table allocations add constraint allocations_hold check (state <> 'reserved' or valid_until is not null);

create index allocations_held on allocations (id) where state = 'reserved';

-- That the space is one is said by allocations_pool_in_space, since a pool is in a space: each new row is spared a check.
alter table allocations drop constraint allocations_space_id_fkey;
