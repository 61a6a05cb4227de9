/** Whatever pools and allocations go through, in whatever order: the space stays tiled, and everyone keeps what they have. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/model/errors.js';
import { contains, formatPrefix, parsePrefix } from '../../src/model/prefix.js';
import { startTestController, type TestController } from '../support/controller.js';
import { newChild, newRoot, overlaps, unique } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const steps = fc.array(fc.record({ verb: fc.constantFrom('allocate', 'allocate', 'release', 'resize', 'move', 'carve', 'split', 'merge', 'delete'), a: fc.nat(1000), b: fc.nat(1000), c: fc.nat(1000) }), { minLength: 20, maxLength: 30 });
type Step = { verb: string; a: number; b: number; c: number };

/** What a step may be refused for; anything else is wrong. */
const refusals: readonly ErrorCode[] = ['pool-exhausted', 'prefix-not-free', 'prefix-outside-pool', 'pool-in-use', 'pool-unsuitable', 'length-not-allowed'];

interface Place {
  readonly id: string;
  readonly prefixes: string[];
  readonly parentId: string | null;
}

async function take(step: Step, pools: readonly Place[], had: Map<string, string>): Promise<void> {
  const { api } = controller;
  const [pool, other] = [pools[step.a % pools.length], pools[step.b % pools.length]];
  const [id, prefix] = [...had][step.b % Math.max(had.size, 1)] ?? [];
  if (pool === undefined || other === undefined) return;
  const ask = async (method: string, path: string, body?: object): Promise<{ id?: string; prefix?: string; allocation?: { prefix: string } }> => {
    const answer = await api.ask(method, path, { body });
    if (answer.status >= 400) expect(refusals, `${method} ${path} ${JSON.stringify(answer.body)}`).toContain(answer.body.code);
    return answer.status < 300 ? (answer.body ?? {}) : {};
  };
  const part = pool.prefixes[step.b % Math.max(pool.prefixes.length, 1)];
  switch (step.verb) {
    case 'allocate': {
      const made = await ask('POST', '/v1/allocations', { poolId: pool.id, family: 'ipv4', prefixLength: 25 + (step.b % 5), placement: ['best-fit', 'random', 'last'][step.c % 3], holder: 'x', service: 'y' });
      if (made.id !== undefined && made.prefix !== undefined) had.set(made.id, made.prefix);
      return;
    }
    case 'release':
      if (id !== undefined && (await ask('DELETE', `/v1/allocations/${id}`)).id !== undefined) had.delete(id);
      return;
    case 'resize': {
      if (id === undefined || prefix === undefined) return;
      const resized = await ask('POST', `/v1/allocations/${id}/resize`, { prefixLength: 24 + (step.c % 7) });
      if (resized.allocation === undefined) return;
      const [before, after] = [parsePrefix(prefix), parsePrefix(resized.allocation.prefix)];
      expect(contains(before, after) || contains(after, before)).toBe(true);
      had.set(id, resized.allocation.prefix);
      return;
    }
    case 'move':
      if (id !== undefined) await ask('POST', `/v1/allocations/${id}/move`, { poolId: pool.id });
      return;
    case 'carve':
      await ask('POST', '/v1/pools', { parentId: pool.id, name: unique('child'), carve: [{ family: 'ipv4', prefixLength: 25 + (step.b % 3) }] });
      return;
    case 'split': {
      if (part === undefined) return;
      const whole = parsePrefix(part);
      const half = { ...whole, length: Math.min(whole.length + 1 + (step.c % 2), 32) };
      await ask('POST', `/v1/pools/${pool.id}/split`, { parts: [{ name: unique('part'), prefixes: [formatPrefix(half)] }] });
      return;
    }
    case 'merge':
      await ask('POST', `/v1/pools/${pool.id}/merge`, { poolIds: [other.id] });
      return;
    default:
      // One is kept that others can come from.
      if (pool.parentId !== null) await ask('DELETE', `/v1/pools/${pool.id}`);
  }
}

test('random sequences of every verb that lays space out', async () => {
  const { api, database } = controller;
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const root = await newRoot(api, ['45.96.0.0/23']);
      await newChild(api, root.id, { prefixes: ['45.96.0.0/25'] });
      await newChild(api, root.id, { prefixes: ['45.96.0.128/25', '45.96.1.0/26'] });
      const had = new Map<string, string>();
      for (const step of sequence) {
        const { items: pools } = await api.expect(200, 'GET', `/v1/pools?spaceId=${root.spaceId}`);
        await take(step, pools, had);
        expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
        const { items } = await api.expect(200, 'GET', `/v1/allocations?spaceId=${root.spaceId}`);
        expect(new Map(items.map((one: { id: string; prefix: string }) => [one.id, one.prefix]))).toEqual(had);
      }
      expect(await overlaps(database)).toEqual([]);
      // All given back, every branch ends as it began: wholly free.
      for (const id of had.keys()) await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
      const stray = await database.query(
        `select p.prefix::text from pool_prefixes p where p.space_id = $1 and not exists (select from free_blocks b where b.pool_id = p.pool_id and b.prefix = p.prefix)
           and not exists (select from pool_prefixes c where c.parent_id = p.pool_id and c.parent_prefix = p.prefix)`,
        [root.spaceId],
      );
      expect(stray).toEqual([]);
    }),
    { numRuns: 6, seed: 20_140_701, endOnFailure: true },
  );
}, 120_000);
