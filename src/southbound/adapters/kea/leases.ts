/**
 * The leases that stand in the way of removing a subnet. Removing one in Kea leaves its leases behind, for nobody to
 * renew and everybody to trip over; so they are waited for, or deleted where the operator chose that.
 */
import { formatAddress, parseAddress, type Prefix, prefixLast, prefixSize } from '../../../model/prefix.js';
import { Reject } from '../../adapter.js';
import { type ControlChannel, result } from './control-channel.js';
import { isObject, type JsonObject, objectsIn } from './exact-json.js';
import type { KeaService } from './kea-service.js';

export interface Lease {
  readonly address: string;
  /** The same as a number. */
  readonly at: bigint;
  /** IA_NA, IA_TA or IA_PD; null for IPv4. */
  readonly type: string | null;
  /** Seconds since 1970. */
  readonly endsAt: number;
  /** Kea has taken it back already and keeps it only as a memory. */
  readonly reclaimed: boolean;
}

const pageSize = 1000;
/** Kea's clock and ours may differ: a lease counts as ended by time only when it did so this long ago. */
const clockToleranceSeconds = 60;
const reclaimedState = 2;

export function isLive(lease: Lease, now: Date): boolean {
  return !lease.reclaimed && lease.endsAt + clockToleranceSeconds > now.getTime() / 1000;
}

/** Every lease within the prefix, whatever subnet id it carries. @throws Retry, Reject */
export async function leasesWithin(channel: ControlChannel, service: KeaService, prefix: Prefix): Promise<Lease[]> {
  const leases: Lease[] = [];
  // IPv4 pages are in order of address in every lease backend; IPv6 ones are in some backends in order of text.
  const ordered = service.family === 'ipv4';
  const limit = ordered && prefixSize(prefix) < pageSize ? Number(prefixSize(prefix)) : pageSize;
  let from = ordered && prefix.first > 0n ? formatAddress('ipv4', prefix.first - 1n) : 'start';
  for (;;) {
    const page = await leasePage(channel, service, from, limit);
    leases.push(...page.filter((lease) => lease.at >= prefix.first && lease.at <= prefixLast(prefix)));
    const last = page.at(-1);
    if (last === undefined || page.length < limit || (ordered && last.at >= prefixLast(prefix))) return leases;
    from = last.address;
  }
}

/** A lease that is gone already is deleted. @throws Retry, Reject */
export async function deleteLease(channel: ControlChannel, service: KeaService, lease: Lease): Promise<void> {
  const which: JsonObject = { 'ip-address': lease.address };
  if (lease.type !== null) which['type'] = lease.type;
  const reply = await channel.command(service, service.leaseDelete, which);
  if (reply.result !== result.success && reply.result !== result.empty) throw new Reject(`${service.name} does not delete the lease of ${lease.address}: ${reply.text}`);
}

async function leasePage(channel: ControlChannel, service: KeaService, from: string, limit: number): Promise<Lease[]> {
  const reply = await channel.command(service, service.leasePage, { from, limit });
  if (reply.result === result.empty) return [];
  if (reply.result === result.unsupported) throw new Reject(`${service.name} cannot show its leases: it needs the hook libdhcp_lease_cmds`);
  if (reply.result !== result.success || !isObject(reply.arguments)) throw new Reject(`${service.name} does not show its leases: ${reply.text}`);
  return objectsIn(reply.arguments['leases']).map(readLease);
}

function readLease(lease: JsonObject): Lease {
  const { 'ip-address': address, cltt, 'valid-lft': valid, type, state } = lease;
  if (typeof address !== 'string' || typeof cltt !== 'number' || typeof valid !== 'number') throw new Reject('a lease of the server does not say of what or until when it is');
  return { address, at: addressOf(address), type: typeof type === 'string' ? type : null, endsAt: cltt + valid, reclaimed: state === reclaimedState };
}

function addressOf(text: string): bigint {
  try {
    return parseAddress(text).address;
  } catch (error) {
    throw new Reject(`the server has a lease of what is no address: ${text}`, { cause: error });
  }
}
