/** The turns of an import that is one transaction: all of them before its first line is applied, in the order everyone takes them. */
import { readPath, type AllocationRecord, type PoolRecord } from '../../model/exchange.js';
import type { Import } from '../../model/import.js';
import { parentCasOf } from '../../storage/devices.js';
import { devicesByName, poolsByPath } from '../../storage/exchange.js';
import { nextChunk } from '../../storage/imports.js';
import { lockQuotas } from '../../storage/quotas.js';
import type { Tx } from '../../storage/sql.js';
import { lockTurns } from '../../storage/turns.js';
import { parentOf } from './apply-pools.js';

interface Named {
  readonly paths: ReadonlySet<string>;
  readonly holders: ReadonlySet<string>;
  readonly devices: ReadonlySet<string>;
  readonly certified: boolean;
}

/** A pool that comes to be while it runs is taken when it is met: should that end in a deadlock, the whole is done again. @returns the quotas held */
export async function takeTurns(tx: Tx, one: Import): Promise<string[]> {
  const { paths, holders, devices, certified } = await namedIn(tx, one);
  const pools = await poolsByPath(tx, one.spaceId, new Map([...paths].map((path) => [path, readPath(path)])));
  const named = await devicesByName(tx, one.spaceId, [...devices]);
  const [parentCa] = certified ? await parentCasOf(tx, one.spaceId) : [];
  const quotas = await lockQuotas(tx, [...holders], [...pools.values()]);
  await lockTurns(tx, { poolIds: [...pools.values()], deviceIds: [...named.values(), ...(parentCa === undefined ? [] : [parentCa.id])], allocationIds: [] });
  return quotas;
}

async function namedIn(tx: Tx, { id, kind }: Import): Promise<Named> {
  const [paths, holders, devices] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let certified = false;
  for (let chunk = await nextChunk(tx, id, 0); chunk !== undefined; chunk = await nextChunk(tx, id, chunk.number)) {
    for (const { record, refused } of chunk.lines) {
      if (refused !== undefined) continue;
      if (kind === 'pools') paths.add(parentOf((record as PoolRecord).path));
      else {
        const { pool, holder, device, certify } = record as AllocationRecord;
        paths.add(pool);
        holders.add(holder);
        if (device) devices.add(device);
        certified ||= certify === true;
      }
    }
  }
  return { paths, holders, devices, certified };
}
