import { beginning } from '../../model/event.js';
import { hashRow, hashSeal, noSeal } from '../../model/seal.js';
import { insertSeal, lockSeals, newestSeal, unsealedRows } from '../../storage/audit-seals.js';
import type { Work } from '../work.js';

const longestRange = 10_000;

/**
 * Seals the next range of the journal, as far as the horizon.
 * @returns whether there may be more to seal
 */
export async function sealHistory({ tx }: Work): Promise<boolean> {
  await lockSeals(tx);
  const previous = await newestSeal(tx);
  const after = previous?.last ?? beginning;
  const rows = await unsealedRows(tx, after, longestRange);
  const last = rows.at(-1);
  if (last === undefined) return false;
  const range = {
    number: String(BigInt(previous?.number ?? 0) + 1n),
    after,
    last: { turn: last.turn, id: last.id },
    lastAt: rows.reduce((latest, { at }) => (at > latest ? at : latest), last.at),
    rowHashes: Buffer.concat(rows.map(({ text }) => hashRow(text))),
    previousHash: previous?.hash ?? noSeal,
  };
  await insertSeal(tx, { ...range, hash: hashSeal(range) });
  return rows.length === longestRange;
}
