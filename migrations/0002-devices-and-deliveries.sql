-- Devices, how far each copy is, what adapters remember, and what devices report.

create table devices (
  id                 uuid primary key,
  space_id           uuid not null constraint devices_space_exists references spaces,
  name               text not null constraint devices_name_unique unique,
  kind               text not null check (kind in ('bng', 'dhcp', 'cgn', 'rpki')),
  adapter            text not null,
  endpoint           text,
  -- Sealed (AES-256-GCM): the database alone does not give them away.
  sealed_credentials bytea,
  credential_names   text[] not null default '{}',
  domains            jsonb not null default '[]',
  labels             jsonb not null default '{}',
  state              text not null default 'active' check (state in ('active', 'suspended')),
  enrolment          text,
  last_seen_at       timestamptz,
  version            bigint not null default 1,
  created_at         timestamptz not null default now()
);
create index devices_by_space on devices (space_id, kind);

-- One row a device. `wanted` grows with every change of what the device should hold; a device whose `applied` is smaller
-- is stale. The row says that it is stale and never what to do about it.
create table deliveries (
  device_id         uuid primary key references devices on delete cascade,
  wanted_revision   bigint not null default 1,
  rendered_revision bigint not null default 0,
  applied_revision  bigint not null default 0,
  -- Attempts without success; a rejection parks the delivery until something changes.
  attempts          integer not null default 0,
  rejected          boolean not null default false,
  last_error        text,
  last_attempt_at   timestamptz,
  next_attempt_at   timestamptz,
  applied_at        timestamptz,
  constraint deliveries_in_order check (applied_revision <= rendered_revision and rendered_revision <= wanted_revision)
);

create table device_memories (
  device_id  uuid primary key references devices on delete cascade,
  sealed     bytea not null,
  updated_at timestamptz not null default now()
);

create table reports (
  device_id   uuid not null references devices on delete cascade,
  sequence    bigint not null,
  ranges      jsonb not null,
  received_at timestamptz not null default now(),
  -- Exactly once by (device, sequence).
  primary key (device_id, sequence)
);

create table certificates (
  id                     uuid primary key,
  device_id              uuid not null references devices on delete cascade,
  action                 text not null check (action in ('issue', 'revoke')),
  class_name             text not null,
  state                  text not null check (state in ('requested', 'issued', 'superseded', 'revoked', 'refused')),
  subject_key_identifier text not null,
  requested              jsonb not null,
  issued                 jsonb,
  error                  jsonb,
  requested_at           timestamptz not null default now(),
  answered_at            timestamptz
);
create index certificates_by_device on certificates (device_id, class_name, subject_key_identifier);
