/** What most tests start from: a space of their own, pools in it, allocations, and SQL that looks past all of our code. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { components } from '../../src/contract/northbound.generated.js';
import type { Api } from '../support/api.js';
import type { TestDatabase } from '../support/database.js';

type Schemas = components['schemas'];
export type Pool = Schemas['Pool'];
export type Allocation = Schemas['Allocation'];
export type Device = Schemas['Device'];
export type Delivery = Schemas['Delivery'];
export type Problem = Schemas['Problem'];
export type AuditEntry = Schemas['AuditEntry'];
export type ImportResult = Schemas['ImportResult'];
export type Finding = Schemas['Integrity']['findings'][number];

export const nowhere = '0192f5f0-0000-7000-8000-0000000000ff';

/** A name that nothing else in the test file has. */
export function unique(stem: string): string {
  return `${stem}-${randomBytes(4).toString('hex')}`;
}

export async function newSpace(api: Api): Promise<string> {
  const space = await api.expect(201, 'POST', '/v1/spaces', { body: { name: unique('space') } });
  return space.id;
}

/** A root pool in a space of its own, so that tests may all use the same prefixes. */
export async function newRoot(api: Api, prefixes: readonly string[], more: object = {}): Promise<Pool> {
  const spaceId = await newSpace(api);
  return api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: unique('root'), prefixes, ...more } });
}

export async function newChild(api: Api, parentId: string, more: object): Promise<Pool> {
  return api.expect(201, 'POST', '/v1/pools', { body: { parentId, name: unique('child'), ...more } });
}

export function allocationOf(poolId: string, more: object = {}): Record<string, unknown> {
  return { poolId, holder: 'retail', service: 'internet', ...more };
}

export async function allocate(api: Api, poolId: string, more: object = {}): Promise<Allocation> {
  return api.expect(201, 'POST', '/v1/allocations', { body: allocationOf(poolId, more) });
}

export async function newDevice(api: Api, spaceId: string, more: object = {}): Promise<Device> {
  return api.expect(201, 'POST', '/v1/devices', { body: { name: unique('bng'), kind: 'bng', adapter: 'pull', spaceId, ...more } });
}

/** A client that speaks with the token of this device. */
export async function asDevice(api: Api, deviceId: string): Promise<Api> {
  const token = await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('token'), role: 'device', deviceId } });
  return api.as(token.token);
}

/** All free blocks of a pool in address order. */
export async function freeBlocks(database: TestDatabase, poolId: string): Promise<string[]> {
  const found = await database.query<{ prefix: string }>('select prefix::text from free_blocks b where pool_id = $1 order by b.prefix', [poolId]);
  return found.map((block) => block.prefix);
}

/** Pairs of allocations of one space that overlap, found by SQL alone. */
export async function overlaps(database: TestDatabase): Promise<object[]> {
  return database.query(`select a.prefix::text, b.prefix::text as other from allocations a join allocations b
    on a.space_id = b.space_id and a.id < b.id and a.prefix && b.prefix`);
}

/** Runs with a connection that the pool of the tests does not hand to anybody else: for locks held on purpose. */
export async function withConnection<T>(database: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
