/** How many addresses or prefixes of each subnet are in use, as Kea's statistics hook counts them. */
import { isObject, type Json } from './exact-json.js';
import { type ControlChannel, result } from './control-channel.js';
import type { KeaService } from './kea-service.js';

/**
 * Leases by subnet id, as decimal strings; empty where the server has no statistics hook. Addresses and prefixes are
 * summed: a subnet of ours hands out one kind only. @throws Retry, Reject
 */
export async function readCounts(channel: ControlChannel, service: KeaService): Promise<Map<number, string>> {
  const counts = new Map<number, string>();
  const reply = await channel.command(service, service.statistics, {});
  const set = reply.result === result.success && isObject(reply.arguments) ? reply.arguments['result-set'] : undefined;
  if (!isObject(set) || !Array.isArray(set['columns']) || !Array.isArray(set['rows'])) return counts;
  const columns = set['columns'];
  const assigned = columns.flatMap((column, at) => (assignedColumns.has(String(column)) ? [at] : []));
  const idAt = columns.indexOf('subnet-id');
  for (const row of set['rows']) {
    const id = Array.isArray(row) ? row[idAt] : undefined;
    if (!Array.isArray(row) || typeof id !== 'number') continue;
    const figures = assigned.map((at) => row[at]);
    if (figures.every(isCount)) counts.set(id, String(figures.reduce((sum, figure) => sum + BigInt(figure), 0n)));
  }
  return counts;
}

const assignedColumns = new Set(['assigned-addresses', 'assigned-nas', 'assigned-pds']);

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
