-- Who may call, what they did, and the answers that retries get.

create table tokens (
  id         uuid primary key,
  name       text not null,
  role       text not null check (role in ('viewer', 'operator', 'admin', 'device')),
  device_id  uuid constraint tokens_device_exists references devices on delete cascade,
  -- SHA-256 of the secret, which itself is 32 random bytes: nothing to guess, nothing to slow down.
  hash       bytea not null constraint tokens_hash_unique unique,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  constraint tokens_device_role check ((role = 'device') = (device_id is not null))
);

create table audit (
  id            bigint generated always as identity primary key,
  at            timestamptz not null default now(),
  token_id      uuid,
  actor         text not null,
  role          text not null,
  request_id    text not null,
  operation     text not null,
  resource_type text not null,
  resource_id   uuid,
  before        jsonb,
  after         jsonb
);
create index audit_by_resource on audit (resource_id, id);
create index audit_by_request on audit (request_id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit is append-only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit for each statement execute function refuse_change();

create table idempotency_keys (
  caller       uuid not null,
  key          text not null check (length(key) between 1 and 255),
  request_hash bytea not null,
  -- What the operation returned, as JSON; sealed, since an answer may hold a secret. Null only until the claim commits.
  sealed       bytea,
  created_at   timestamptz not null default now(),
  primary key (caller, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Which controllers are alive: the jobs of one that is not are handed to the others.
create table controllers (
  id           text primary key,
  started_at   timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);
