/** The lease commands of Kea's hook libdhcp_lease_cmds: add, get, delete, and page through. */
import { formatAddress } from '../../model/prefix.js';
import { isInside, readAddress, readSubnetPrefix } from './addresses.js';
import { subnetsOf } from './configuration-check.js';
import type { DhcpFamily } from './dhcp-family.js';
import { integerIn, isMap, type Json, type JsonObject, mandatoryString, mapIn, Refusal, stringIn } from './kea-json.js';
import { leaseState, type LeaseStore, type StoredLease } from './lease-store.js';
import { type Reply, resultCode } from './reply.js';

export function addLease(args: Json | undefined, store: LeaseStore, configuration: JsonObject, at: DhcpFamily, now: Date): Reply {
  if (!isMap(args)) throw new Refusal('no parameters specified for the command');
  const text = mandatoryString(args, 'ip-address');
  const address = readAddress(text, at.family);
  const identity = identityOf(args, at);
  const delegated = args['type'] === 'IA_PD';
  const subnet = subnetFor(args, address, text, configuration, at, delegated);
  if (store.get(address) !== undefined) throw new Refusal(`${at.label} lease already exists.`);
  const validSeconds = integerIn(args, 'valid-lft') ?? integerIn(subnet, 'valid-lifetime') ?? 0;
  const expire = integerIn(args, 'expire');
  if (expire !== undefined && expire - validSeconds <= 0) throw new Refusal(`expiration time must be greater than valid lifetime for address ${text}`);
  const subnetId = integerIn(subnet, 'id') ?? 0;
  const context = mapIn(args, 'user-context');
  store.set({
    address,
    subnetId,
    clientLastSeen: expire === undefined ? Math.floor(now.getTime() / 1000) : expire - validSeconds,
    validSeconds,
    state: integerIn(args, 'state') ?? leaseState.assigned,
    delegated,
    shown: { ...identity, hostname: stringIn(args, 'hostname') ?? '', ...(context === undefined ? {} : { 'user-context': context }) },
  });
  const kind = delegated ? `prefix ${text}/${String(identity['prefix-len'])}` : `address ${text}`;
  return { result: resultCode.success, text: `Lease for ${kind}, subnet-id ${subnetId} added.` };
}

export function getLease(args: Json | undefined, store: LeaseStore, at: DhcpFamily): Reply {
  const lease = store.get(addressIn(args, at));
  if (lease === undefined) return { result: resultCode.empty, text: 'Lease not found.' };
  return { result: resultCode.success, text: `${at.label} lease found.`, arguments: shownLease(lease, at) };
}

export function deleteLease(args: Json | undefined, store: LeaseStore, at: DhcpFamily): Reply {
  const gone = store.delete(addressIn(args, at));
  return gone ? { result: resultCode.success, text: `${at.label} lease deleted.` } : { result: resultCode.empty, text: `${at.label} lease not found.` };
}

export function pageLeases(args: Json | undefined, store: LeaseStore, at: DhcpFamily): Reply {
  if (!isMap(args)) throw new Refusal(`no parameters specified for the lease${at.digit}-get-page command`);
  const from = args['from'];
  if (from === undefined) throw new Refusal("'from' parameter not specified");
  if (args['limit'] === undefined) throw new Refusal("'limit' parameter not specified");
  const limit = args['limit'];
  if (typeof limit !== 'number') throw new Refusal("'limit' parameter must be a number");
  if (limit === 0) throw new Refusal('page size of retrieved leases must not be 0');
  const after = from === 'start' ? -1n : pageStart(from, at);
  const leases = store
    .all()
    .filter((lease) => lease.address > after)
    .slice(0, limit)
    .map((lease) => shownLease(lease, at));
  const text = `${leases.length} ${at.label} lease(s) found.`;
  return { result: leases.length === 0 ? resultCode.empty : resultCode.success, text, arguments: { count: leases.length, leases } };
}

function pageStart(from: Json, at: DhcpFamily): bigint {
  try {
    return readAddress(String(from), at.family);
  } catch {
    throw new Refusal(`'from' parameter value is neither 'start' keyword nor a valid ${at.label} address`);
  }
}

function addressIn(args: Json | undefined, at: DhcpFamily): bigint {
  if (!isMap(args)) throw new Refusal('Parameters missing or are not a map.');
  return readAddress(mandatoryString(args, 'ip-address'), at.family);
}

function identityOf(args: JsonObject, at: DhcpFamily): JsonObject {
  if (at.digit === 4) return { 'hw-address': mandatoryString(args, 'hw-address') };
  const type = stringIn(args, 'type') ?? 'IA_NA';
  const identity: JsonObject = { duid: mandatoryString(args, 'duid'), iaid: integerIn(args, 'iaid') ?? 0, type };
  if (type === 'IA_PD') identity['prefix-len'] = integerIn(args, 'prefix-len') ?? 128;
  return identity;
}

function subnetFor(args: JsonObject, address: bigint, text: string, configuration: JsonObject, at: DhcpFamily, delegated: boolean): JsonObject {
  const subnets = subnetsOf(configuration, at);
  const id = integerIn(args, 'subnet-id');
  if (id === undefined) {
    const around = subnets.find((subnet) => isInside(readSubnetPrefix(subnet, at.family), address));
    if (around === undefined) throw new Refusal(`subnet-id not specified and failed to find a subnet for address ${text}`);
    return around;
  }
  const named = subnets.find((subnet) => subnet['id'] === id);
  if (named === undefined) throw new Refusal(`Invalid subnet-id: No ${at.label} subnet with subnet-id=${id} currently configured.`);
  if (!delegated && !isInside(readSubnetPrefix(named, at.family), address)) throw new Refusal(`The address ${text} does not belong to subnet ${String(named['subnet'])}, subnet-id=${id}`);
  return named;
}

function shownLease(lease: StoredLease, at: DhcpFamily): JsonObject {
  return {
    cltt: lease.clientLastSeen,
    'fqdn-fwd': false,
    'fqdn-rev': false,
    'ip-address': formatAddress(at.family, lease.address),
    ...(at.digit === 6 ? { 'preferred-lft': lease.validSeconds } : {}),
    state: lease.state,
    'subnet-id': lease.subnetId,
    'valid-lft': lease.validSeconds,
    ...lease.shown,
  };
}
