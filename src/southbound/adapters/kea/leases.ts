/**
 * The leases that stand in the way of removing a subnet. Removing one in Kea leaves its leases behind, for nobody to
 * renew and everybody to trip over; so they are waited for, or deleted where the operator chose that.
 */
import { contains, familyBits, formatAddress, parseAddress, type Prefix, prefixLast } from '../../../model/prefix.js';
import { Reject } from '../../adapter.js';
import { type ControlChannel, result } from './control-channel.js';
import { isObject, type JsonObject, objectsIn } from './exact-json.js';
import type { KeaService } from './kea-service.js';

export interface Lease {
  readonly address: string;
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
  let from = ordered && prefix.first > 0n ? formatAddress('ipv4', prefix.first - 1n) : 'start';
  for (;;) {
    const page = await leasePage(channel, service, from);
    const inside = page.filter((lease) => within(prefix, lease['ip-address']));
    leases.push(...inside.map(readLease));
    const last = page.at(-1)?.['ip-address'];
    if (typeof last !== 'string' || page.length < pageSize) return leases;
    if (ordered && parseAddress(last).address >= prefixLast(prefix)) return leases;
    from = last;
  }
}

/** A lease that is gone already is deleted. @throws Retry, Reject */
export async function deleteLease(channel: ControlChannel, service: KeaService, lease: Lease): Promise<void> {
  const which: JsonObject = { 'ip-address': lease.address };
  if (lease.type !== null) which['type'] = lease.type;
  const reply = await channel.command(service, service.leaseDelete, which);
  if (reply.result !== result.success && reply.result !== result.empty) throw new Reject(`${service.name} does not delete the lease of ${lease.address}: ${reply.text}`);
}

async function leasePage(channel: ControlChannel, service: KeaService, from: string): Promise<JsonObject[]> {
  const reply = await channel.command(service, service.leasePage, { from, limit: pageSize });
  if (reply.result === result.empty) return [];
  if (reply.result === result.unsupported) throw new Reject(`${service.name} cannot show its leases: it needs the hook libdhcp_lease_cmds`);
  if (reply.result !== result.success || !isObject(reply.arguments)) throw new Reject(`${service.name} does not show its leases: ${reply.text}`);
  return objectsIn(reply.arguments['leases']);
}

function within(prefix: Prefix, address: unknown): boolean {
  if (typeof address !== 'string') return false;
  const { family, address: first } = parseAddress(address);
  return contains(prefix, { family, first, length: familyBits(family) });
}

function readLease(lease: JsonObject): Lease {
  const { cltt, 'valid-lft': valid, type, state } = lease;
  if (typeof cltt !== 'number' || typeof valid !== 'number') throw new Reject('a lease of the server does not say until when it is');
  return { address: String(lease['ip-address']), type: typeof type === 'string' ? type : null, endsAt: cltt + valid, reclaimed: state === reclaimedState };
}
