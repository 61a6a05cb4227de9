/** The table of devices, with their sealed credentials and what their adapters remember. */
import type { Device, DeviceAdapter, DeviceKind, Domain } from '../model/device.js';
import type { PageRequest } from '../model/page.js';
import type { Labels } from '../model/space.js';
import type { SecretBox } from './secret-box.js';
import { oneRow, prepared, row, rows, time, type Tx } from './sql.js';

interface DeviceRow {
  id: string;
  space_id: string;
  name: string;
  kind: DeviceKind;
  adapter: DeviceAdapter;
  endpoint: string | null;
  credential_names: string[];
  domains: Domain[];
  labels: Labels;
  state: 'active' | 'suspended';
  enrolment: string | null;
  last_seen_at: Date | null;
  version: string;
  created_at: Date;
}

const columns = 'id, space_id, name, kind, adapter, endpoint, credential_names, domains, labels, state, enrolment, last_seen_at, version, created_at';

function toDevice(found: DeviceRow): Device {
  return {
    id: found.id,
    spaceId: found.space_id,
    name: found.name,
    kind: found.kind,
    adapter: found.adapter,
    endpoint: found.endpoint,
    credentialNames: found.credential_names,
    domains: found.domains,
    labels: found.labels,
    state: found.state,
    enrolment: found.enrolment,
    lastSeenAt: time(found.last_seen_at),
    version: found.version,
    createdAt: time(found.created_at),
  };
}

export type Credentials = Readonly<Record<string, string>>;

const credentialsSeal = (deviceId: string): string => `device-credentials:${deviceId}`;
const memorySeal = (deviceId: string): string => `device-memory:${deviceId}`;

export async function insertDevice(
  tx: Tx,
  box: SecretBox,
  device: Pick<Device, 'id' | 'spaceId' | 'name' | 'kind' | 'adapter' | 'endpoint' | 'domains' | 'labels'>,
  credentials: Credentials,
): Promise<Device> {
  const inserted = await oneRow<DeviceRow>(
    tx,
    `insert into devices (id, space_id, name, kind, adapter, endpoint, domains, labels, sealed_credentials, credential_names)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10) returning ${columns}`,
    [
      device.id,
      device.spaceId,
      device.name,
      device.kind,
      device.adapter,
      device.endpoint,
      JSON.stringify(device.domains),
      device.labels,
      box.seal(JSON.stringify(credentials), credentialsSeal(device.id)),
      Object.keys(credentials).sort(),
    ],
  );
  return toDevice(inserted);
}

export async function findDevice(tx: Tx, id: string): Promise<Device | undefined> {
  const found = await row<DeviceRow>(tx, `select ${columns} from devices where id = $1`, [id]);
  return found && toDevice(found);
}

export async function findDevices(tx: Tx, ids: readonly string[]): Promise<Map<string, Device>> {
  if (ids.length === 0) return new Map();
  const found = await prepared<DeviceRow>(tx, `select ${columns} from devices where id = any($1::uuid[])`, [ids]);
  return new Map(found.map((device) => [device.id, toDevice(device)]));
}

export async function lockDevice(tx: Tx, id: string): Promise<Device | undefined> {
  const found = await row<DeviceRow>(tx, `select ${columns} from devices where id = $1 for no key update`, [id]);
  return found && toDevice(found);
}

export async function updateDevice(tx: Tx, device: Pick<Device, 'id' | 'name' | 'endpoint' | 'domains' | 'labels' | 'state'>): Promise<void> {
  await rows(tx, 'update devices set name = $2, endpoint = $3, domains = $4::jsonb, labels = $5, state = $6, version = version + 1 where id = $1', [
    device.id,
    device.name,
    device.endpoint,
    JSON.stringify(device.domains),
    device.labels,
    device.state,
  ]);
}

export async function replaceCredentials(tx: Tx, box: SecretBox, deviceId: string, credentials: Credentials): Promise<void> {
  await rows(tx, 'update devices set sealed_credentials = $2, credential_names = $3 where id = $1', [
    deviceId,
    box.seal(JSON.stringify(credentials), credentialsSeal(deviceId)),
    Object.keys(credentials).sort(),
  ]);
}

export async function openCredentials(tx: Tx, box: SecretBox, deviceId: string): Promise<Credentials> {
  const { sealed } = await oneRow<{ sealed: Buffer | null }>(tx, 'select sealed_credentials as sealed from devices where id = $1', [deviceId]);
  return sealed === null ? {} : (JSON.parse(box.open(sealed, credentialsSeal(deviceId))) as Credentials);
}

export async function setEnrolment(tx: Tx, deviceId: string, enrolment: string): Promise<void> {
  await rows(tx, 'update devices set enrolment = $2, version = version + 1 where id = $1', [deviceId, enrolment]);
}

export async function noteSeen(tx: Tx, deviceId: string): Promise<void> {
  await rows(tx, `update devices set last_seen_at = now() where id = $1 and (last_seen_at is null or last_seen_at < now() - interval '1 second')`, [deviceId]);
}

export async function deleteDevice(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'delete from devices where id = $1', [id]);
}

/** Parent CAs of a space that can be asked, the oldest first. */
export async function parentCasOf(tx: Tx, spaceId: string): Promise<Device[]> {
  const found = await rows<DeviceRow>(tx, `select ${columns} from devices where space_id = $1 and kind = 'rpki' and state = 'active' order by id`, [spaceId]);
  return found.map(toDevice);
}

export async function listDevices(tx: Tx, page: PageRequest, filter: { name?: string; kind?: string; labels?: Labels }): Promise<Device[]> {
  const found = await rows<DeviceRow>(
    tx,
    `select ${columns} from devices where ($1::uuid is null or id > $1) and ($2::text is null or name = $2) and ($3::text is null or kind = $3)
       and ($4::jsonb is null or labels @> $4) order by id limit $5`,
    [page.after, filter.name ?? null, filter.kind ?? null, filter.labels ?? null, page.limit + 1],
  );
  return found.map(toDevice);
}

export async function loadMemory(tx: Tx, box: SecretBox, deviceId: string): Promise<string | undefined> {
  const found = await row<{ sealed: Buffer }>(tx, 'select sealed from device_memories where device_id = $1', [deviceId]);
  return found && box.open(found.sealed, memorySeal(deviceId));
}

export async function saveMemory(tx: Tx, box: SecretBox, deviceId: string, text: string): Promise<void> {
  await rows(tx, 'insert into device_memories (device_id, sealed) values ($1, $2) on conflict (device_id) do update set sealed = excluded.sealed, updated_at = now()', [
    deviceId,
    box.seal(text, memorySeal(deviceId)),
  ]);
}
