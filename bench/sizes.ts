/** How large the controller is in memory, and each relation on disk. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type pg from 'pg';

/** Resident set of a process, in KiB. */
export async function residentKilobytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim());
}

export interface RelationSize {
  /** Of the table, index or TOAST table. */
  readonly name: string;
  /** What its rows are kept for. */
  readonly group: string;
  readonly bytes: number;
}

export async function relationSizes(database: pg.Client): Promise<RelationSize[]> {
  const { rows } = await database.query<{ name: string; table: string; bytes: string }>(
    `select c.relname as name, coalesce(i.table, t.table, c.relname) as table, pg_relation_size(c.oid)::text as bytes
     from pg_class c
     left join lateral (select coalesce(o.relname, d.relname) as table from pg_index x join pg_class d on d.oid = x.indrelid left join pg_class o on o.reltoastrelid = d.oid where x.indexrelid = c.oid) i on true
     left join lateral (select o.relname as table from pg_class o where o.reltoastrelid = c.oid) t on true
     where c.relkind in ('r', 'i', 't', 'm') and c.relnamespace in (select oid from pg_namespace where nspname not in ('pg_catalog', 'information_schema'))`,
  );
  return rows.map(({ name, table, bytes }) => ({ name: name === table ? name : `${table}: ${name}`, group: groupOf(table), bytes: Number(bytes) }));
}

function groupOf(table: string): string {
  if (table.startsWith('allocations')) return 'allocation';
  if (table === 'free_blocks') return 'free blocks';
  if (table.startsWith('audit')) return 'audit and its seals';
  if (table === 'idempotency_keys') return 'idempotency';
  return 'everything else';
}

export interface Growth {
  readonly perItem: number;
  /** Those that grew, the largest first. */
  readonly relations: readonly { readonly name: string; readonly perItem: number }[];
}

/** What so many items have added, by group. */
export function bytesBetween(before: readonly RelationSize[], after: readonly RelationSize[], items: number): Map<string, Growth> {
  const was = new Map(before.map(({ name, bytes }) => [name, bytes]));
  const grown = after.map(({ name, group, bytes }) => ({ name, group, perItem: (bytes - (was.get(name) ?? 0)) / items }));
  const groups = ['allocation', 'free blocks', 'audit and its seals', 'idempotency', 'everything else'];
  return new Map(
    groups.map((group) => {
      const relations = grown.filter((one) => one.group === group && one.perItem !== 0).toSorted((a, b) => b.perItem - a.perItem);
      return [group, { perItem: relations.reduce((sum, one) => sum + one.perItem, 0), relations: relations.map(({ name, perItem }) => ({ name, perItem })) }];
    }),
  );
}
