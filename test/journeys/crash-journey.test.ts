/**
 * The main job while the controller is killed (SIGKILL) three times at random points, and once more during the release:
 * what a client was told is there, nothing else is, and everything arrives in the end.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allocate, inParallel, release, type Allocated, type Counters } from './clients.js';
import { crashSeed, deaths, seeded, throughCrashes } from './crashes.js';
import { allocationLines, audited, misplaced, overlaps, treeLines } from './database-facts.js';
import { readDelegations } from './delegations.js';
import { expectSame } from './held.js';
import { beginJourney, expectAllReturned, expectClean, expectConverged, type Journey } from './journey.js';
import { mixedRequests } from './requests.js';
import { stages } from './stages.js';

const seed = crashSeed();
const random = seeded(seed);
const clients = 16;
const count = 400;
const certified = 40;
const stage = stages(`crash journey (CASM_CRASH_SEED=${seed})`);

let journey: Journey;
beforeAll(async () => {
  journey = await beginJourney(readDelegations());
}, 90_000);
afterAll(() => journey?.end());

test('killed three times while allocating and once while releasing, it keeps every promise', { timeout: 300_000 }, async () => {
  const { api, controller, database, devices, tree } = journey;
  const before = await treeLines(database);
  const counters: Counters = { unanswered: 0, replayed: 0 };
  const answered: Allocated[] = [];
  const keyOf = (at: number): string => `allocate-${at}`;
  const line = ({ id, prefix }: Allocated): string => `${id} ${prefix}`;

  const nothingMissing = async (): Promise<void> => {
    const stored = new Set(await allocationLines(database));
    expect(answered.map(line).filter((one) => !stored.has(one))).toEqual([]);
    expect(await overlaps(database)).toEqual([]);
    await expectClean(journey);
  };
  const requests = mixedRequests(count, certified, tree, devices);
  // The last death comes when all are allocated and devices and parent CA are still being told.
  const points = deaths(random, count, [[0.05, 0.45], [0.45, 0.85], [1, 1]]);
  const allocated = await stage(`${count} allocations by ${clients} clients, killed after ${points.map((point) => `${point.answers} answers + ${point.milliseconds} ms`).join(', ')}`, () =>
    throughCrashes({ controller, points, answers: () => answered.length, whileDead: nothingMissing }, () =>
      inParallel(clients, requests, async (request, at) => {
        const one = await allocate(api, request, keyOf(at), counters);
        answered.push(one);
        return one;
      }),
    ),
  );
  expectSame(await allocationLines(database), answered.map(line));
  expect(await overlaps(database)).toEqual([]);
  expect(await misplaced(database)).toEqual([]);
  expect(await audited(database, 'allocatePrefix')).toEqual({ allocations: count, entries: count });
  // Whoever asks again after all that is told the same.
  const again: Counters = { unanswered: 0, replayed: 0 };
  expect(await inParallel(clients, requests.slice(0, 100), (request, at) => allocate(api, request, keyOf(at), again))).toEqual(allocated.slice(0, 100));
  expect(again.replayed).toBe(100);
  await stage('all converged', () => expectConverged(journey, answered));
  await expectClean(journey);

  let released = 0;
  const lastPoints = deaths(random, count, [[0.2, 0.8]]);
  const releaseOne = async (one: Allocated): Promise<void> => {
    await release(api, one, counters);
    released += 1;
  };
  await stage(`${count} releases, killed after ${lastPoints[0]?.answers} answers`, () =>
    throughCrashes({ controller, points: lastPoints, answers: () => released, whileDead: () => expectClean(journey) }, () => inParallel(clients, answered, releaseOne)),
  );
  await stage('all returned', () => expectAllReturned(journey));
  expectSame(await treeLines(database), before);
  await expectClean(journey);
  console.log(`crash journey: ${counters.unanswered} requests went unanswered, ${counters.replayed} answers were replayed`);
  expect(counters.unanswered).toBeGreaterThan(0);
  expect(await controller.stop()).toBe(0);
});
