import { counted } from '../../model/counted.js';
import { beginning, writePlace } from '../../model/event.js';
import { compareRows, hashSeal, noSeal, type Seal } from '../../model/seal.js';
import { forgottenBefore, listSeals, rowsBetween, unsealedTail } from '../../storage/audit-seals.js';
import type { Tx } from '../../storage/sql.js';

export interface Verdict {
  readonly ranges: number;
  /** Rows that are as they were sealed. */
  readonly rows: number;
  /** Rows that are gone because they were past retention, and the ranges they were in. */
  readonly forgotten: { readonly rows: number; readonly ranges: number };
  /** What no seal covers yet, and so cannot be judged. */
  readonly unsealed: { readonly rows: number; readonly since: string | null };
  /** The newest seal, as `number:hash`: kept elsewhere, it proves next time that nothing up to it was rewritten. Null without one. */
  readonly head: string | null;
  /** In order; empty when all is as it was sealed. */
  readonly findings: readonly string[];
}

const seals = 100;
const enough = 100;

/**
 * Computes every seal anew from what stands in the journal now. Reads one moment, and nothing but tables: no function
 * stored in the database has a say.
 * @param anchor a head noted earlier, which must still be part of the chain
 */
export async function verifyHistory(tx: Tx, { anchor }: { anchor?: string | undefined } = {}): Promise<Verdict> {
  const forgottenUntil = await forgottenBefore(tx);
  const findings: string[] = [];
  const forgotten = { rows: 0, ranges: 0 };
  let [ranges, rows, anchored] = [0, 0, anchor === undefined];
  let previous: Seal | undefined;
  for (;;) {
    const batch = await listSeals(tx, previous?.number ?? '0', seals);
    for (const seal of batch) {
      ranges += 1;
      anchored ||= headOf(seal) === anchor;
      findings.push(...chainFindings(seal, previous));
      const found = await rowFindings(tx, seal, forgottenUntil);
      findings.push(...found.findings);
      rows += found.rows;
      forgotten.rows += found.forgotten;
      forgotten.ranges += found.forgotten > 0 ? 1 : 0;
      previous = seal;
    }
    if (batch.length < seals || findings.length >= enough) break;
  }
  if (!anchored && findings.length < enough) findings.push(`seal ${anchor} is not in the chain: it was rewritten, or cut off behind an older seal`);
  const unsealed = await unsealedTail(tx, previous?.last ?? beginning);
  return { ranges, rows, forgotten, unsealed, head: previous === undefined ? null : headOf(previous), findings };
}

const headOf = (seal: Seal): string => `${seal.number}:${seal.hash.toString('hex')}`;
const nameOf = (seal: Seal): string => `range ${seal.number} (${writePlace(seal.after)} to ${writePlace(seal.last)})`;

/** The seal itself, and that it follows the one before. */
function chainFindings(seal: Seal, previous: Seal | undefined): string[] {
  const expected = BigInt(previous?.number ?? 0) + 1n;
  if (BigInt(seal.number) !== expected) return [`seal ${expected} is gone: ${nameOf(seal)} does not follow`];
  if (!hashSeal(seal).equals(seal.hash)) return [`${nameOf(seal)}: the seal itself was changed`];
  const follows = seal.previousHash.equals(previous?.hash ?? noSeal) && writePlace(seal.after) === writePlace(previous?.last ?? beginning);
  return follows ? [] : [`${nameOf(seal)}: the seal before it is not the one it was put behind`];
}

async function rowFindings(tx: Tx, seal: Seal, forgottenUntil: string | null): Promise<{ findings: string[]; rows: number; forgotten: number }> {
  const rows = await rowsBetween(tx, seal.after, seal.last);
  const { foreign, misplaced, missing, missingAfter } = compareRows(seal, rows);
  const findings = [
    ...foreign.map((id) => `${nameOf(seal)}: row ${id} is not as it was sealed`),
    ...misplaced.map((id) => `${nameOf(seal)}: row ${id} is not where it was sealed`),
  ];
  const pastRetention = foreign.length === 0 && forgottenUntil !== null && seal.lastAt < forgottenUntil;
  if (missing > foreign.length && !pastRetention) {
    findings.push(`${nameOf(seal)}: ${counted(missing - foreign.length, 'row')} gone, the first ${missingAfter === null ? 'at its beginning' : `behind row ${missingAfter}`}`);
  }
  return { findings, rows: rows.length - foreign.length, forgotten: pastRetention ? missing : 0 };
}
