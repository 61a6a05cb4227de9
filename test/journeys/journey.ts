/** The stage of a journey: its database, the built controller on it, the tree, the devices; and its clean end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { Api } from '../support/api.js';
import { adminToken, eventually } from '../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BuiltController } from './built-controller.js';
import type { Allocated } from './clients.js';
import { allocationLines } from './database-facts.js';
import type { Delegations } from './delegations.js';
import { expectBngHolds, expectCertified, expectDhcpHolds } from './held.js';
import { startDevices, type LabDevices } from './lab-devices.js';
import { planTree, type OperatorTree } from './operator-tree.js';

export interface Journey {
  readonly api: Api;
  readonly database: TestDatabase;
  readonly controller: BuiltController;
  readonly tree: OperatorTree;
  readonly devices: LabDevices;
  /** Ends what runs and removes what was made. */
  end(): Promise<void>;
}

export async function beginJourney(delegations: Delegations): Promise<Journey> {
  const undo: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'casm-journey-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const database = await createTestDatabase(inject('postgresUrl'));
    undo.push(() => database.drop());
    const controller = await BuiltController.start(database.url);
    undo.push(() => controller.stop());
    const api = new Api(controller.url, adminToken);
    const tree = await planTree(api, delegations);
    const devices = await startDevices(api, folder, tree);
    undo.push(() => devices.stop());
    await settled(api);
    return { api, database, controller, tree, devices, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Every device has confirmed everything it should hold. */
export async function settled(api: Api): Promise<void> {
  await eventually(async () => {
    const { items } = await api.expect(200, 'GET', '/v1/deliveries');
    expect(items.filter((one: { state: string }) => one.state !== 'settled')).toEqual([]);
  }, 60_000);
}

/** All that was allocated is on its device, certified where it was to be, and in use; nothing else is. */
export async function expectConverged({ api, devices, database }: Journey, allocated: readonly Allocated[]): Promise<void> {
  await settled(api);
  expectBngHolds(devices, allocated);
  await expectDhcpHolds(devices, allocated);
  await expectCertified(api, devices, allocated);
  expect(await database.query(`select state, count(*)::int from allocations group by state`)).toEqual([{ state: 'active', count: allocated.length }]);
}

/** Nothing that was allocated is anywhere: not in the tree, not on a device, not in a certificate. */
export async function expectAllReturned({ api, devices, database }: Journey): Promise<void> {
  await eventually(async () => expect((await allocationLines(database)).length).toBe(0), 60_000);
  await settled(api);
  expectBngHolds(devices, []);
  await expectDhcpHolds(devices, []);
  const { items } = await api.expect(200, 'GET', `/v1/certificates?deviceId=${devices.parentId}&limit=1000`);
  expect(items.at(-1)).toMatchObject({ action: 'revoke', state: 'revoked' });
  expect(items.filter((one: { state: string }) => one.state === 'issued' || one.state === 'requested')).toEqual([]);
  expect(await devices.certificatesAtParent()).toBe(0);
}

export async function expectClean({ controller }: Journey): Promise<void> {
  expect(await controller.fsck()).toMatchObject({ status: 0, said: expect.stringMatching(/^clean: /) });
}
