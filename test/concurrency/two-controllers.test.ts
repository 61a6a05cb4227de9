/** Sixteen clients, two controller processes, one database: nothing twice, nothing refused, nothing lost. */
import { afterAll, beforeAll, test } from 'vitest';
import { crashSeed } from '../journeys/crashes.js';
import { prove, setScene, type Scene } from './proof.js';

const seed = Number(process.env['CASM_PROOF_SEED'] || crashSeed());

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
}, 90_000);
afterAll(() => scene?.end());

test(`16 clients on two controllers (seed ${seed})`, { timeout: 180_000 }, () => prove(scene, { operations: 350, kills: 0, seed }));

test(`and when one of them is killed now and then (seed ${seed})`, { timeout: 180_000 }, () => prove(scene, { operations: 250, kills: 2, seed }));
