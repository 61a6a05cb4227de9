-- Keys come in the order of their age, and only whoever forgets the old ones asks by it: an index of ranges of pages says enough,
-- and costs a new key nothing.
drop index idempotency_keys_by_age;
create index idempotency_keys_by_age on idempotency_keys using brin (created_at);
