/**
 * The proof of concurrency: sixteen clients and two processes on one database. What was acknowledged is there, nothing else
 * is, nobody was refused, and when all is given back the tree is as it was.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject } from 'vitest';
import { seeded } from '../journeys/crashes.js';
import { allocationLines, misplaced, overlaps, treeLines } from '../journeys/database-facts.js';
import { expectSame } from '../journeys/held.js';
import { stages } from '../journeys/stages.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { Client } from './client.js';
import { plant } from './tree.js';
import { TwoProcesses } from './two-processes.js';
import { Witness } from './witness.js';

export interface Proof {
  /** Of all clients together. */
  readonly operations: number;
  /** How often one of the processes is killed, and started again, while the clients go on. */
  readonly kills: number;
  readonly seed: number;
}

const clients = 16;

export interface Scene {
  readonly database: TestDatabase;
  readonly processes: TwoProcesses;
  end(): Promise<void>;
}

export async function setScene(): Promise<Scene> {
  const database = await createTestDatabase(inject('postgresUrl'));
  try {
    const processes = await TwoProcesses.start(database.url);
    return { database, processes, end: () => processes.stop().then(() => database.drop()) };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

export async function prove({ database, processes }: Scene, { operations, kills, seed }: Proof): Promise<void> {
  const stage = stages(`two controllers (CASM_PROOF_SEED=${seed})`);
  const [start, unanswered] = [await lastAudited(database), processes.unanswered];
  const tree = await plant(processes);
  const before = await treeLines(database);
  const witness = new Witness();
  const all = Array.from({ length: clients }, (_, number) => new Client(number, processes, tree, witness, seeded(seed + number)));
  let over = false;
  const works = Promise.all(all.map((client) => client.do(Math.ceil(operations / clients)))).finally(() => (over = true));
  const random = seeded(seed + clients);
  await stage(`${operations} operations by ${clients} clients, ${kills} deaths`, () => Promise.all([works, killing(processes, kills, operations, random, () => over)]));

  expect(witness.duplicates).toEqual([]);
  expect(await overlaps(database)).toEqual([]);
  expect(await misplaced(database)).toEqual([]);
  expectSame(await allocationLines(database), witness.lines);
  // Every acknowledged allocation was made once, and none that was not acknowledged.
  expectSame(await everAllocated(database, start), [...witness.acknowledged]);
  await expectClean(processes);
  console.log(`two controllers: ${witness.acknowledged.size} allocations acknowledged, ${witness.size} still held, ${processes.answered} answers, ${processes.unanswered} requests unanswered`);
  if (kills > 0) expect(processes.unanswered).toBeGreaterThan(unanswered);
  else expect(processes.unanswered).toBe(unanswered);

  await stage('all given back', () => Promise.all(all.map((client) => client.giveAllBack())));
  expect(await allocationLines(database)).toEqual([]);
  expectSame(await plain(database), withoutVersions(before));
  await expectClean(processes);
}

/** One or the other, after so many answers and a moment more; the clients go on with the one that is left. */
async function killing(processes: TwoProcesses, kills: number, operations: number, random: () => number, over: () => boolean): Promise<void> {
  const before = processes.answered;
  for (let kill = 0; kill < kills; kill += 1) {
    const answers = Math.floor((operations * (kill + random())) / kills);
    while (processes.answered - before < answers && !over()) await sleep(2);
    if (over()) return;
    await sleep(Math.floor(60 * random()));
    const controller = processes.controllers[random() < 0.5 ? 0 : 1];
    await controller.kill();
    await controller.restart();
  }
}

/** By the audit: each id once, for each time it was made. What a resize leaves over is made only to be released. */
async function everAllocated(database: TestDatabase, after: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>(`select resource_id as id from audit where resource_type = 'allocation' and before is null and operation <> 'resizeAllocation' and id > $1`, [after]);
  return rows.map((row) => row.id);
}

async function lastAudited(database: TestDatabase): Promise<string> {
  const [row] = await database.query<{ last: string }>('select coalesce(max(id), 0) as last from audit');
  return row?.last ?? '0';
}

async function expectClean(processes: TwoProcesses): Promise<void> {
  expect(await processes.controllers[0].fsck()).toMatchObject({ status: 0, said: expect.stringMatching(/^clean: /) });
}

/** Labels were changed on the way, and versions with them. */
const withoutVersions = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/ version \d+$/, ''));
const plain = async (database: TestDatabase): Promise<string[]> => withoutVersions(await treeLines(database));
