/** Pools small enough to look at every address: one block, several apart, neighbours that must not merge, the edges. */
import type { Placement } from '../../src/model/pool.js';
import { parsePrefix, type Prefix } from '../../src/model/prefix.js';

export interface SmallPlan {
  readonly name: string;
  readonly prefixes: readonly Prefix[];
}

const plan = (name: string, ...texts: string[]): SmallPlan => ({ name, prefixes: texts.map(parsePrefix) });

export const smallPlans: readonly SmallPlan[] = [
  plan('one v4 block', '10.0.0.0/26'),
  plan('v4 neighbours that are buddies', '9.255.255.224/27', '10.0.0.0/27', '10.0.0.32/27'),
  plan('v4 where text order is not address order', '9.0.0.0/28', '10.0.0.0/28', '100.0.0.0/28'),
  plan('the ends of v4', '0.0.0.0/28', '255.255.255.240/28'),
  plan('one v6 block', '2a0e:b100::/122'),
  plan('the ends of v6', '::/124', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124'),
  plan('v6 where text order is not address order', '2a0e::/124', '2a0e:0:0:9::/124', '2a0e:0:0:10::/124'),
  plan('single addresses', '192.0.2.1/32', '2001:db8::1/128'),
];

export const placements: readonly Placement[] = ['best-fit', 'first', 'last', 'sparse', 'random'];
