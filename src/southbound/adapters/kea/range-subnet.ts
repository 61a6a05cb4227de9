/**
 * A range as a subnet of Kea: what of it is ours to say, how that is laid over what the server has, and the comparison
 * that sees through the defaults Kea adds. Pure.
 */
import type { DocumentRange } from '../../../model/document.js';
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '../../../model/prefix.js';
import { Reject } from '../../adapter.js';
import { canonicalJson, isObject, type JsonObject, objectsIn } from './exact-json.js';
import type { KeaOptions } from './kea-options.js';
import { type AddressPool, addressPool, ownerOf, subnetId, subnetPrefix } from './subnet.js';

/** Guards a pool: it is defined nowhere, so no client is ever in it. */
const drainingClass = 'casm-draining';
/** The option "routers" (RFC 2132 section 3.5). */
const routersCode = 3;

/** The members of the subnet that are ours. @throws Reject for a range that cannot be one */
export function subnetFor(range: DocumentRange, id: number, device: string, options: KeaOptions): JsonObject {
  const { preferred, valid, t1, t2 } = range.lifetimes;
  const v6 = range.family === 'ipv6';
  return {
    id,
    subnet: range.prefix,
    ...pinned('valid-lifetime', valid),
    ...(v6 ? pinned('preferred-lifetime', preferred) : {}),
    'renew-timer': t1,
    'rebind-timer': t2,
    ...poolsFor(range, options),
    'option-data': range.gateway === null || v6 ? [] : [{ space: 'dhcp4', name: 'routers', code: routersCode, data: range.gateway }],
    'user-context': { casm: { device, range: range.id } },
  };
}

/** The subnet with nothing to hand out: its leases live on until they end. */
export function withoutPools(subnet: JsonObject): JsonObject {
  return { ...subnet, pools: [], ...(subnet['pd-pools'] === undefined ? {} : { 'pd-pools': [] }) };
}

/** What the server has, with what we want laid over it: options and contexts of others stay. */
export function overlay(held: JsonObject, wanted: JsonObject): JsonObject {
  const { 'option-data': options, 'user-context': context } = wanted;
  return {
    ...held,
    ...wanted,
    'option-data': [...objectsIn(held['option-data']).filter((option) => !isRouters(option)), ...objectsIn(options)],
    'user-context': { ...(isObject(held['user-context']) ? held['user-context'] : {}), ...(isObject(context) ? context : {}) },
  };
}

/** True when what is ours in the two is the same. */
export function sameForUs(a: JsonObject, b: JsonObject): boolean {
  return canonicalJson(ownPart(a)) === canonicalJson(ownPart(b));
}

function ownPart(subnet: JsonObject): JsonObject {
  const pools = objectsIn(subnet['pools']).map((pool) => {
    const { first, last } = addressPool(pool);
    return `${first}-${last} ${String(pool['client-class'] ?? '')}`;
  });
  const delegated = objectsIn(subnet['pd-pools']).map((pool) => [pool['prefix'], pool['prefix-len'], pool['delegated-len'], pool['client-class'] ?? ''].join(' '));
  return {
    id: subnetId(subnet),
    subnet: formatPrefix(subnetPrefix(subnet)),
    times: lifetimeKeys.map((key) => subnet[key] ?? null),
    pools: pools.sort(),
    delegated: delegated.sort(),
    routers: objectsIn(subnet['option-data']).filter(isRouters).map((option) => option['data'] ?? ''),
    owner: { ...ownerOf(subnet) },
  };
}

const lifetimeKeys = ['valid-lifetime', 'preferred-lifetime'].flatMap((key) => Object.keys(pinned(key, 0))).concat('renew-timer', 'rebind-timer');

/** Without its own bounds a subnet inherits the server's, and Kea refuses a lifetime outside of them. */
function pinned(key: string, seconds: number): JsonObject {
  return { [key]: seconds, [`min-${key}`]: seconds, [`max-${key}`]: seconds };
}

function isRouters(option: JsonObject): boolean {
  return option['code'] === routersCode && option['space'] === 'dhcp4';
}

function poolsFor(range: DocumentRange, options: KeaOptions): JsonObject {
  const closed = range.state === 'draining' && options.drain === 'passive';
  const guard: JsonObject = range.state === 'draining' ? { 'client-class': drainingClass } : {};
  if (range.delegatedLength !== null) {
    const { length } = parsePrefix(range.prefix);
    const prefix = range.prefix.slice(0, range.prefix.indexOf('/'));
    const pool = { prefix, 'prefix-len': length, 'delegated-len': range.delegatedLength, ...guard };
    return { pools: [], 'pd-pools': closed ? [] : [pool] };
  }
  const pools = closed ? [] : addressesOf(range).map(({ first, last }) => ({ pool: `${formatAddress(range.family, first)}-${formatAddress(range.family, last)}`, ...guard }));
  return range.family === 'ipv6' ? { pools, 'pd-pools': [] } : { pools };
}

/** From the lower to the upper address, the gateway left out wherever it lies. */
function addressesOf(range: DocumentRange): AddressPool[] {
  if (range.lowerAddress === null || range.upperAddress === null) throw new Reject(`the range ${range.prefix} says neither addresses nor a delegated length`);
  const first = parseAddress(range.lowerAddress).address;
  const last = parseAddress(range.upperAddress).address;
  const gateway = range.gateway === null ? null : parseAddress(range.gateway).address;
  const pools = gateway === null || gateway < first || gateway > last ? [{ first, last }] : [{ first, last: gateway - 1n }, { first: gateway + 1n, last }];
  return pools.filter((pool) => pool.first <= pool.last);
}
