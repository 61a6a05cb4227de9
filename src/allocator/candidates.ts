/**
 * Which free blocks a placement needs to see: a handful by index probes, whatever the number of blocks. With as many of a
 * kind as there are asks, none is missed even when each ask consumes a block of its own.
 */
import type { Placement } from '../model/pool.js';
import { familyBits, formatAddress, parsePrefix, type Family } from '../model/prefix.js';
import { rows, type Tx } from '../storage/sql.js';
import type { Random } from './choosers.js';
import type { Ask, FreeBlock } from './placement.js';

interface BlockRow {
  readonly prefix: string;
  readonly poolPrefix: string;
}

/** How many of the largest blocks sparse placement compares: more than that are equally good to a reader. */
const sparseBreadth = 256;

const columns = `b.prefix::text, b.pool_prefix::text as "poolPrefix"`;

/** One probe a size: the k lowest, or highest, blocks of each. */
const ofEachSize = (order: string, condition = 'true'): string => `
  select ${columns} from generate_series(128 - $3::int, 128) as s (size), lateral (
    select prefix, pool_prefix from free_blocks where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) = s.size and ${condition}
    order by prefix ${order} limit $4) b`;

const queries: Readonly<Record<Placement, string>> = {
  'best-fit': `
    select ${columns} from free_blocks b where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) >= 128 - $3::int
    order by 128 - masklen(b.prefix), b.prefix limit $4`,
  first: ofEachSize('asc'),
  last: ofEachSize('desc'),
  sparse: `
    select ${columns} from free_blocks b where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) >= 128 - $3::int
    order by 128 - masklen(b.prefix) desc, b.prefix limit greatest($4::int, ${sparseBreadth})`,
  // Around a random address, and from the start in case nothing follows it.
  random: `${ofEachSize('asc', 'prefix >= $5::cidr')} union ${ofEachSize('asc')}`,
};

/** Candidates for each kind of ask, together and without repetition. */
export async function candidates(tx: Tx, poolId: string, asks: readonly Ask[], random: Random): Promise<FreeBlock[]> {
  const kinds = new Map(asks.map((ask) => [`${ask.placement} ${ask.family} ${ask.length}`, ask]));
  const found = new Map<string, FreeBlock>();
  for (const { placement = 'best-fit', family, length } of kinds.values()) {
    const parameters: unknown[] = [poolId, Number(family.slice(3)), length, asks.length];
    if (placement === 'random') parameters.push(randomAddress(family, random));
    for (const row of await rows<BlockRow>(tx, queries[placement], parameters)) found.set(row.prefix, { prefix: parsePrefix(row.prefix), poolPrefix: row.poolPrefix });
  }
  return [...found.values()];
}

function randomAddress(family: Family, random: Random): string {
  let address = 0n;
  for (let bit = 0; bit < familyBits(family); bit += 16) address = (address << 16n) | BigInt(Math.floor(random() * 0x10000));
  return formatAddress(family, address);
}
