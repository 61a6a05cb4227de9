/**
 * What pools and allocations are outside of a controller: records that name things by what they are called (a pool by its
 * path, a device by its name) and never by our ids, so that they mean the same elsewhere. Pure.
 */
import type { ErrorCode } from './errors.js';
import type { PolicyRequest, Pool } from './pool.js';
import type { Labels } from './space.js';

export interface PoolRecord {
  readonly path: string;
  readonly prefixes: readonly string[];
  readonly state?: Pool['state'] | null;
  readonly policy?: PolicyRequest | null;
  readonly labels?: Labels | null;
}

export interface AllocationRecord {
  /** The path of its pool. */
  readonly pool: string;
  readonly prefix: string;
  readonly state?: string | null;
  readonly holder: string;
  readonly service: string;
  readonly device?: string | null;
  readonly certify?: boolean | null;
  readonly originAs?: number | null;
  readonly labels?: Labels | null;
  readonly validUntil?: string | null;
  readonly quarantinedUntil?: string | null;
}

export type RecordOf = { readonly pools: PoolRecord; readonly allocations: AllocationRecord };
export type ExchangeKind = keyof RecordOf;

/** A line of a file, and what it holds or why it holds nothing. */
export interface ExchangeLine {
  readonly line: number;
  readonly text: string;
  readonly record?: unknown;
  readonly refused?: { readonly code: ErrorCode; readonly detail: string };
}

/** Names from the root down, as a JSON pointer (RFC 6901): names may hold slashes. */
export function readPath(path: string): string[] {
  return path.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** How a record of each kind is laid out in a row of CSV. */
export const columns = {
  pools: ['path', 'prefixes', 'state', 'policy', 'labels'],
  allocations: ['pool', 'prefix', 'state', 'holder', 'service', 'device', 'certify', 'originAs', 'labels', 'validUntil', 'quarantinedUntil'],
} as const;

const optional: readonly string[] = ['policy', 'labels', 'state', 'device', 'certify', 'originAs', 'validUntil', 'quarantinedUntil'];
export const neededColumns = (kind: ExchangeKind): string[] => columns[kind].filter((column) => !optional.includes(column));

/** The cells of a row, in the order of the columns. An empty cell is null. */
export function toCells<Kind extends ExchangeKind>(kind: Kind, record: RecordOf[Kind]): string[] {
  return columns[kind].map((column) => {
    const value = (record as unknown as Readonly<Record<string, unknown>>)[column];
    if (value === undefined || value === null) return '';
    if (column === 'prefixes') return (value as string[]).join(' ');
    if (column === 'labels') return Object.entries(value as Labels).map(([key, label]) => `${key}=${label}`).join(',');
    return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
  });
}

/** A record of whatever the cells hold; what is not of its type stays text, for the contract to refuse. */
export function fromCells(named: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(named).flatMap(([column, cell]): [string, unknown][] => (cell === '' && column !== 'prefixes' ? [] : [[column, readCell(column, cell)]])));
}

function readCell(column: string, cell: string): unknown {
  if (column === 'prefixes') return cell.split(' ').filter((prefix) => prefix !== '');
  if (column === 'labels') return readLabels(cell);
  if (column === 'originAs') return /^\d{1,10}$/.test(cell) ? Number(cell) : cell;
  if (column === 'certify') return cell === 'true' ? true : cell === 'false' ? false : cell;
  return column === 'policy' ? readJson(cell) : cell;
}

function readLabels(cell: string): unknown {
  const pairs = cell.split(',').map((pair) => pair.split('='));
  return pairs.every((pair) => pair.length === 2) ? Object.fromEntries(pairs as [string, string][]) : cell;
}

function readJson(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
