/** After each request: what holders have used, who waits and who was served is as promised. What is the controller's to say is learnt from it. */
import { expect } from 'vitest';
import type { ControllerUnderTest } from './controller-under-test.js';
import { learnRevision, staleDevices } from './device-promises.js';
import { quotaLines } from './quota-promises.js';
import { servablePools, servedAs, waitingLines } from './waiting-promises.js';
import type { World } from './world.js';

/** @param after what has just happened */
export async function learn(world: World, controller: ControllerUnderTest, after: string): Promise<void> {
  const said = await controller.says();
  expect(said.quotas, `what is used of quotas after ${after}`).toEqual(quotaLines(world));
  expect(said.waiting, `who waits after ${after}`).toEqual(waitingLines(world));
  expect(said.woken, `pools where somebody waits for what is free after ${after}`).toEqual(expect.arrayContaining(servablePools(world)));
  for (const [waitingId, id] of said.served) rename(world, servedAs(waitingId), id);
  for (const deviceId of staleDevices(world)) expect(said.wanted.get(deviceId), `the revision of ${deviceId} after ${after}`).toBeGreaterThan(world.devices.get(deviceId)?.wanted ?? 0);
  for (const [deviceId, wanted] of said.wanted) learnRevision(world, deviceId, wanted);
}

function rename(world: World, before: string, id: string): void {
  const taken = world.taken.get(before);
  if (taken === undefined) return;
  world.taken.delete(before);
  world.taken.set(id, taken);
}
