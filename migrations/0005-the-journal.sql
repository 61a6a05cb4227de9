-- The audit becomes the journal that events, history and seals are read from. Its order is (turn, id): the turn is the
-- writing transaction's number, so whoever reads no further than the horizon skips nothing, in whatever order transactions commit.

-- Added to every transaction number. Not 0 only where the journal came from another cluster, by dump and restore, whose
-- numbers were larger: then the new numbers are lifted above the old.
create table journal_epoch (
  shift bigint not null default 0,
  one   boolean primary key default true check (one)
);
insert into journal_epoch default values;

create function journal_turn() returns bigint stable language sql as
  $$ select pg_current_xact_id()::text::bigint + shift from journal_epoch $$;

-- Every transaction of a smaller turn has ended; none of them will write any more.
create function journal_horizon() returns bigint stable language sql as
  $$ select pg_snapshot_xmin(pg_current_snapshot())::text::bigint + shift from journal_epoch $$;

alter table audit
  add column turn bigint not null default journal_turn(),
  -- When it was written, not when its transaction began: two changes of one thing stand in the order they happened in. Whole
  -- milliseconds, as it is told: what is told can be asked for.
  alter column at type timestamptz(3),
  alter column at set default clock_timestamp(),
  add column prefix cidr generated always as (case when resource_type = 'allocation' then (coalesce(after, before) ->> 'prefix')::cidr end) stored,
  add column space_id uuid generated always as (case when resource_type = 'allocation' then (coalesce(after, before) ->> 'spaceId')::uuid end) stored;
create index audit_by_turn on audit (turn, id);
create index audit_by_prefix on audit using spgist (prefix inet_ops) where prefix is not null;

-- What is past retention may go, a year old at the least, and only when it is asked for by name. This guards against
-- accident; against intent there are the seals.
create function refuse_forgetting() returns trigger language plpgsql as $$
begin
  if current_setting('casm.forget', true) = 'past retention' and old.at < now() - interval '1 year' then
    return old;
  end if;
  raise exception 'the audit is append-only';
end $$;
drop trigger audit_append_only on audit;
create trigger audit_append_only before update or truncate on audit for each statement execute function refuse_change();
create trigger audit_kept before delete on audit for each row execute function refuse_forgetting();

-- Each seal holds the hashes of a range of the journal, and the seal before it. docs/history.md says which bytes are hashed.
create table audit_seals (
  number        bigint primary key check (number > 0),
  -- The range begins after this place of the journal and ends with that one.
  after_turn    bigint not null,
  after_id      bigint not null,
  last_turn     bigint not null,
  last_id       bigint not null,
  last_at       timestamptz(3) not null,
  row_hashes    bytea not null check (length(row_hashes) > 0 and length(row_hashes) % 32 = 0),
  previous_hash bytea not null check (length(previous_hash) = 32),
  hash          bytea not null check (length(hash) = 32),
  sealed_at     timestamptz not null default clock_timestamp()
);
create trigger audit_seals_append_only before update or delete or truncate on audit_seals for each statement execute function refuse_change();
