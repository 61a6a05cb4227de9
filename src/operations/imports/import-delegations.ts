/** RIR delegation statistics → root pools, one a registry and country, with an answer for every line. */
import { parseDelegations, type DelegationLine } from '../../model/delegations.js';
import type { ErrorCode } from '../../model/errors.js';
import { aggregate, comparePrefixes, contains, formatPrefix, overlaps, parsePrefix, type Family, type Prefix } from '../../model/prefix.js';
import { specialPurposeOf } from '../../model/special-purpose.js';
import { overlappingRoots } from '../../storage/pool-prefixes.js';
import { lockSpace } from '../../storage/spaces.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';
import { growRoot, type GrownPool } from './grow-root.js';

export interface ImportRequest {
  readonly spaceId: string;
  readonly text: string;
  readonly countries?: readonly string[];
  readonly family?: Family;
}

export interface ImportLine {
  readonly line: number;
  readonly text: string;
  readonly outcome: 'created' | 'split' | 'merged' | 'unchanged' | 'refused';
  readonly prefixes: readonly string[];
  readonly poolId: string | null;
  readonly code: ErrorCode | null;
  readonly detail: string | null;
}

export interface ImportResult {
  readonly summary: Record<ImportLine['outcome'] | 'ignored', number>;
  readonly pools: readonly GrownPool[];
  readonly lines: readonly ImportLine[];
}

type Refusal = { readonly code: ErrorCode; readonly detail: string };

/** @throws CasmError `space-not-found`, `import-invalid` */
export async function importDelegations(work: Work, request: ImportRequest): Promise<ImportResult> {
  // One import at a time: the next finds what this one has brought.
  found(await lockSpace(work.tx, request.spaceId), 'space', request.spaceId);
  const read = parseDelegations(request.text);
  const wanted = read.lines.filter((line) => (request.countries?.includes(line.country) ?? true) && (request.family === undefined || line.family === request.family));
  const known = await overlapsWithRoots(work, request.spaceId, wanted);
  const refusals = refuse(wanted, known);
  const taken = wanted.filter((line) => !refusals.has(line) && !isCovered(line, known));

  const pools: GrownPool[] = [];
  const lines: ImportLine[] = read.refused.map(({ line, text, detail }) => ({ line, text, outcome: 'refused', prefixes: [], poolId: null, code: 'import-invalid', detail }));
  for (const [name, group] of Map.groupBy(taken, (line) => `${line.registry}-${line.country}`)) {
    const prefixes = aggregate(group.flatMap((line) => line.prefixes));
    const pool = await growRoot(work, request.spaceId, name, prefixes);
    pools.push(pool);
    lines.push(...group.map((line) => taking(line, prefixes, pool.poolId)));
  }
  for (const line of wanted) {
    const refusal = refusals.get(line);
    if (refusal !== undefined) lines.push({ line: line.line, text: line.text, outcome: 'refused', prefixes: [], poolId: null, ...refusal });
    else if (isCovered(line, known)) lines.push(unchanged(line, known));
  }
  lines.sort((a, b) => a.line - b.line);
  const count = (outcome: ImportLine['outcome']): number => lines.filter((line) => line.outcome === outcome).length;
  return {
    summary: {
      created: count('created'),
      split: count('split'),
      merged: count('merged'),
      unchanged: count('unchanged'),
      refused: count('refused'),
      ignored: read.ignored + read.lines.length - wanted.length,
    },
    pools,
    lines,
  };
}

interface Root {
  readonly prefix: Prefix;
  readonly poolId: string;
}

/** For each asked prefix the root prefixes it overlaps. */
async function overlapsWithRoots(work: Work, spaceId: string, lines: readonly DelegationLine[]): Promise<Map<string, Root[]>> {
  const rows = await overlappingRoots(work.tx, spaceId, lines.flatMap((line) => line.prefixes.map(formatPrefix)));
  return new Map([...Map.groupBy(rows, (row) => row.asked)].map(([asked, roots]) => [asked, roots.map((root) => ({ prefix: parsePrefix(root.prefix), poolId: root.poolId }))]));
}

function rootsOf(line: DelegationLine, known: ReadonlyMap<string, Root[]>): Root[] {
  return line.prefixes.flatMap((prefix) => known.get(formatPrefix(prefix)) ?? []);
}

/** The line's whole range is in root pools already. */
function isCovered(line: DelegationLine, known: ReadonlyMap<string, Root[]>): boolean {
  return line.prefixes.every((prefix) => (known.get(formatPrefix(prefix)) ?? []).some((root) => contains(root.prefix, prefix)));
}

/** Which lines cannot be taken: special-purpose, in the way of an earlier line, or of a root pool that has a part of it. */
function refuse(lines: readonly DelegationLine[], known: ReadonlyMap<string, Root[]>): Map<DelegationLine, Refusal> {
  const refusals = new Map<DelegationLine, Refusal>();
  for (const line of lines) {
    const special = line.prefixes.map(specialPurposeOf).find((block) => block !== undefined);
    const [root] = isCovered(line, known) ? [] : rootsOf(line, known);
    if (special !== undefined) refusals.set(line, { code: 'special-purpose', detail: `touches ${formatPrefix(special.prefix)}, ${special.name}` });
    else if (root !== undefined) refusals.set(line, { code: 'prefix-overlap', detail: `overlaps ${formatPrefix(root.prefix)} of root pool ${root.poolId}` });
  }
  const standing = lines.filter((line) => !refusals.has(line)).flatMap((line) => line.prefixes.map((prefix) => ({ prefix, line })));
  standing.sort((a, b) => comparePrefixes(a.prefix, b.prefix) || a.line.line - b.line.line);
  let widest = standing[0];
  for (const next of standing.slice(1)) {
    if (widest !== undefined && widest.line !== next.line && overlaps(widest.prefix, next.prefix)) {
      const [first, second] = widest.line.line < next.line.line ? [widest.line, next.line] : [next.line, widest.line];
      refusals.set(second, { code: 'prefix-overlap', detail: `overlaps line ${first.line}` });
      if (second === widest.line) widest = next;
    } else widest = next;
  }
  return refusals;
}

function taking(line: DelegationLine, prefixes: readonly Prefix[], poolId: string): ImportLine {
  const covering = line.prefixes.map((prefix) => enclosing(prefixes, prefix));
  const merged = covering.some((prefix, at) => prefix.length !== line.prefixes[at]?.length);
  const outcome = merged ? 'merged' : covering.length > 1 ? 'split' : 'created';
  return { line: line.line, text: line.text, outcome, prefixes: [...new Set(covering.map(formatPrefix))], poolId, code: null, detail: null };
}

/** The one of the sorted, disjoint prefixes that contains `inner`, by bisection. */
function enclosing(sorted: readonly Prefix[], inner: Prefix): Prefix {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const at = sorted[middle];
    if (at !== undefined && (at.family < inner.family || (at.family === inner.family && at.first <= inner.first))) low = middle;
    else high = middle - 1;
  }
  return sorted[low] ?? inner;
}

function unchanged(line: DelegationLine, known: ReadonlyMap<string, Root[]>): ImportLine {
  const roots = rootsOf(line, known);
  return {
    line: line.line,
    text: line.text,
    outcome: 'unchanged',
    prefixes: [...new Set(roots.map((root) => formatPrefix(root.prefix)))],
    poolId: roots[0]?.poolId ?? null,
    code: null,
    detail: null,
  };
}
