/** The large proof: CASM_PROOF_OPERATIONS (5000) mixed operations, and as many with a death every few hundred, sixty at most. */
import { afterAll, beforeAll, test } from 'vitest';
import { crashSeed } from '../journeys/crashes.js';
import { prove, setScene, type Scene } from './proof.js';

const operations = Number(process.env['CASM_PROOF_OPERATIONS'] || 5000);
const seed = Number(process.env['CASM_PROOF_SEED'] || crashSeed());
const timeout = 3_600_000;

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
});
afterAll(() => scene?.end());

test(`${operations} operations by 16 clients on two controllers (seed ${seed})`, { timeout }, () => prove(scene, { operations, kills: 0, seed }));

test(`${operations} operations while one is killed again and again (seed ${seed})`, { timeout }, () => prove(scene, { operations, kills: Math.min(60, Math.ceil(operations / 250)), seed }));
