/** stat-lease4-get and stat-lease6-get of Kea's hook libdhcp_stat_cmds: leases counted by subnet. */
import { readPool } from './addresses.js';
import { subnetsOf } from './configuration-check.js';
import type { DhcpFamily } from './dhcp-family.js';
import { integerIn, isMap, type Json, type JsonObject, mapsIn } from './kea-json.js';
import { leaseState, type LeaseStore, type StoredLease } from './lease-store.js';
import { type Reply, resultCode } from './reply.js';

const columns = {
  4: ['subnet-id', 'total-addresses', 'cumulative-assigned-addresses', 'assigned-addresses', 'declined-addresses'],
  6: ['subnet-id', 'total-nas', 'cumulative-assigned-nas', 'assigned-nas', 'declined-nas', 'total-pds', 'cumulative-assigned-pds', 'assigned-pds'],
} as const;

export function leaseStatistics(args: Json | undefined, store: LeaseStore, configuration: JsonObject, at: DhcpFamily, now: Date): Reply {
  const wanted = isMap(args) ? integerIn(args, 'subnet-id') : undefined;
  const selector = wanted === undefined ? 'all subnets' : `subnet-id=${wanted}`;
  const subnets = subnetsOf(configuration, at).filter((subnet) => wanted === undefined || subnet['id'] === wanted);
  if (subnets.length === 0) {
    const why = wanted === undefined ? 'no matching data' : `no matching data, subnet-id: ${wanted} does not exist`;
    return { result: resultCode.empty, text: `stat-lease${at.digit}-get[${selector}]: ${why}`, arguments: {} };
  }
  const leases = store.all();
  const rows = subnets.map((subnet) => row(subnet, leases.filter((lease) => lease.subnetId === subnet['id']), at));
  const timestamp = now.toISOString().replace('T', ' ').replace('Z', '000');
  return {
    result: resultCode.success,
    text: `stat-lease${at.digit}-get[${selector}]: ${rows.length} rows found`,
    arguments: { 'result-set': { columns: [...columns[at.digit]], rows, timestamp } },
  };
}

function row(subnet: JsonObject, leases: readonly StoredLease[], at: DhcpFamily): Json[] {
  const counted = (state: number, delegated: boolean): number => leases.filter((lease) => lease.state === state && lease.delegated === delegated).length;
  const addresses = mapsIn(subnet, 'pools')
    .map((pool) => readPool(String(pool['pool']), at.family))
    .reduce((sum, pool) => sum + pool.last - pool.first + 1n, 0n);
  const id = integerIn(subnet, 'id') ?? 0;
  const ofAddresses = [id, signed64(addresses), 0, counted(leaseState.assigned, false), counted(leaseState.declined, false)];
  if (at.digit === 4) return ofAddresses;
  const prefixes = mapsIn(subnet, 'pd-pools').reduce((sum, pool) => sum + (1n << BigInt((integerIn(pool, 'delegated-len') ?? 0) - (integerIn(pool, 'prefix-len') ?? 0))), 0n);
  return [...ofAddresses, signed64(prefixes), 0, counted(leaseState.assigned, true)];
}

/** Kea counts in 64 bits and shows what does not fit as -1. */
function signed64(count: bigint): number {
  return count < 1n << 63n ? Number(count) : -1;
}
