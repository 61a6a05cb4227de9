/** The pools of the proof: so large that nothing is ever refused for want of space, but in the one where they wait for it; so few that everybody meets everybody. */
import { expect } from 'vitest';
import { unique } from '../northbound/plan.js';
import type { Answered, TwoProcesses } from './two-processes.js';

export interface Tree {
  /** Child pools are carved out of it. */
  readonly root: string;
  /** Everybody takes by length from these. */
  readonly pools: readonly string[];
  /** Exact prefixes only; client n has the /16 number n of it. */
  readonly exact: string;
  /** Room for one. */
  readonly scarce: string;
}

export async function plant(processes: TwoProcesses): Promise<Tree> {
  const make = async (body: object): Promise<string> => made(await processes.ask(0, 'POST', '/v1/pools', body));
  const spaceId = made(await processes.ask(0, 'POST', '/v1/spaces', { name: unique('internet') }));
  const root = await make({ spaceId, name: 'root', prefixes: ['36.0.0.0/8', '2400::/12'] });
  const pools: string[] = [];
  for (const placement of ['best-fit', 'random', 'sparse']) {
    const carve = [{ family: 'ipv4', prefixLength: 12 }, { family: 'ipv6', prefixLength: 20 }];
    pools.push(await make({ parentId: root, name: placement, carve, policy: { placement } }));
  }
  return { root, pools, exact: await make({ spaceId, name: 'exact', prefixes: ['42.0.0.0/8'] }), scarce: await make({ spaceId, name: 'scarce', prefixes: ['43.0.0.0/30'] }) };
}

function made({ answer }: Answered): string {
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.id;
}
