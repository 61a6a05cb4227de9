/**
 * The main job on real input, through the built program: import a country's address space, carve it, allocate from many
 * clients, see it on the devices and in the certificate, take all of it back.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allocate, inParallel, release, type Counters } from './clients.js';
import { addressesOf, allocationLines, audited, misplaced, overlaps, treeLines } from './database-facts.js';
import { readDelegations } from './delegations.js';
import { expectSame } from './held.js';
import { beginJourney, expectAllReturned, expectClean, expectConverged, type Journey } from './journey.js';
import { mixedRequests } from './requests.js';
import { stages } from './stages.js';

const delegations = readDelegations();
const isReal = delegations.ipv4Lines > 1000;
const clients = 16;
const count = isReal ? 2000 : 500;
const certified = isReal ? 100 : 40;
const stage = stages('main journey');

let journey: Journey;
beforeAll(async () => {
  journey = await stage(`${delegations.origin}: imported, carved, devices registered`, () => beginJourney(delegations));
}, 90_000);
afterAll(() => journey?.end());

test('from the registry to the devices and back, nothing left behind', { timeout: 300_000 }, async () => {
  const { api, controller, database, devices, tree } = journey;
  expect(await addressesOf(database, tree.rootId, 4)).toBe(delegations.ipv4Addresses);
  expect(await addressesOf(database, tree.rootId, 6)).toBe(delegations.ipv6Addresses);
  const before = await treeLines(database);
  const counters: Counters = { unanswered: 0, replayed: 0 };

  const requests = mixedRequests(count, certified, tree, devices);
  const allocated = await stage(`${count} allocations by ${clients} clients`, () => inParallel(clients, requests, (request, at) => allocate(api, request, `allocate-${at}`, counters)));
  expectSame(await allocationLines(database), allocated.map(({ id, prefix }) => `${id} ${prefix}`));
  expect(await overlaps(database)).toEqual([]);
  expect(await misplaced(database)).toEqual([]);
  expect(await audited(database, 'allocatePrefix')).toEqual({ allocations: count, entries: count });

  await stage(`devices converged, certificate for ${certified} prefixes`, () => expectConverged(journey, allocated));
  await expectClean(journey);

  await stage(`${count} releases by ${clients} clients`, () => inParallel(clients, allocated, (one) => release(api, one, counters)));
  await stage('all returned, certificate revoked', () => expectAllReturned(journey));
  expectSame(await treeLines(database), before);
  await expectClean(journey);

  expect(counters).toEqual({ unanswered: 0, replayed: 0 });
  expect(controller.said.filter((line) => /error/i.test(line))).toEqual([]);
  expect(await controller.stop()).toBe(0);
});
