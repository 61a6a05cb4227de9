import * as integrity from '../../storage/integrity.js';
import { oneRow, time, type Tx } from '../../storage/sql.js';

export interface Integrity {
  readonly clean: boolean;
  readonly checkedAt: string;
  readonly pools: number;
  readonly allocations: number;
  readonly freeBlocks: number;
  readonly findings: readonly integrity.Finding[];
}

/** Proves, of one moment, that every pool is tiled exactly by what it is used for and what is free, and that quotas have counted what is there. */
export async function checkIntegrity(tx: Tx): Promise<Integrity> {
  const found = await integrity.findings(tx, 1000);
  const { now } = await oneRow<{ now: Date }>(tx, 'select now()');
  return { clean: found.length === 0, checkedAt: time(now), ...(await integrity.counts(tx)), findings: found };
}
