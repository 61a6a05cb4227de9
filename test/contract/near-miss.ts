/** Requests that would be taken, and the same with one or two things wrong: these get furthest in. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { anyJson, hostileId, hostileIds, hostilePrefix, hostilePrefixes, hostileText, hostileTexts, hostileTime, hostileTimes } from './hostile.js';

export interface KnownIds {
  readonly space: string;
  readonly pool: string;
  readonly device: string;
  readonly allocation: string;
  /** One in quarantine. */
  readonly resting: string;
  /** A pool beside the pool. */
  readonly sibling: string;
  readonly quota: string;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One good request a time for each operation with a JSON body, with every property that it knows. */
export function goodRequest(operationId: string, known: KnownIds): Json {
  const labels = { region: 'north' };
  const policy = { ipv4: { minPrefixLength: 8, maxPrefixLength: 32, defaultPrefixLength: 24 }, placement: 'best-fit', quarantineSeconds: 0, allowSpecialPurpose: false };
  const domains = [{ name: 'residential', poolId: known.pool, family: 'ipv4', prefixLength: 28, holder: 'retail', service: 'internet' }];
  const credentials = { username: 'casm', password: 'secret' };
  const requests: Record<string, Json> = {
    createSpace: { name: randomUUID(), description: 'a space', labels },
    createPool: { parentId: known.pool, name: randomUUID(), carve: [{ family: 'ipv4', prefixLength: 30, count: 1 }], policy, labels },
    updatePool: { name: randomUUID(), policy, labels },
    allocatePrefix: { poolId: known.pool, family: 'ipv4', prefixLength: 32, holder: 'retail', service: 'internet', deviceId: known.device, certify: false, originAs: 64500, validUntil: '2099-01-01T00:00:00Z', labels },
    updateAllocation: { holder: 'wholesale', service: 'internet', originAs: 64500, validUntil: '2099-01-01T00:00:00Z', labels },
    resizeAllocation: { prefixLength: 24, keep: '45.96.0.0/24' },
    moveAllocation: { poolId: known.pool, holder: 'wholesale' },
    splitPool: { parts: [{ name: randomUUID(), prefixes: ['45.96.240.0/28'], labels }] },
    mergePools: { poolIds: [known.sibling] },
    releaseQuarantine: { reason: 'the same customer again' },
    allocateSet: { items: [{ count: 2, request: { poolId: known.pool, family: 'ipv4', prefixLength: 32, holder: 'retail', service: 'internet', allowedPrefixes: ['45.96.0.0/17'], disallowedPrefixes: ['45.96.0.0/28'] } }] },
    createHold: { poolSelector: { poolIds: [known.pool], spaceId: known.space }, family: 'ipv4', prefixLength: 32, allowedPrefixes: ['45.96.128.0/17'], disallowedPrefixes: ['45.96.128.0/28'], placement: 'sparse', holder: 'retail', seconds: 1 },
    runBatch: {
      mode: 'bestEffort',
      clientTransactionId: 'order-4711',
      items: [
        { operation: 'updatePool', path: { poolId: known.pool }, ifMatch: '*', body: { labels } },
        { operation: 'allocatePrefix', body: { poolId: known.pool, prefixLength: 32, family: 'ipv4', holder: 'retail', service: 'internet' } },
        { operation: 'allocatePrefix', body: { poolSelector: { poolIds: [known.pool] }, prefix: '45.96.200.0/32', holder: 'retail', service: 'internet' } },
      ],
    },
    createQuota: { holder: randomUUID(), spaceId: known.space, ipv4Addresses: '65536', ipv6Subnets: '65536', ipv4AddressesPerRequest: '256', ipv6SubnetsPerRequest: null },
    updateQuota: { ipv4Addresses: '65536', ipv6Subnets: null, ipv4AddressesPerRequest: '256', ipv6SubnetsPerRequest: '0' },
    createDevice: { name: randomUUID(), kind: 'dhcp', adapter: 'kea', spaceId: known.space, endpoint: 'http://127.0.0.1:1/', credentials, domains, labels },
    updateDevice: { name: randomUUID(), endpoint: 'http://127.0.0.1:1/', credentials, domains, labels, state: 'active' },
    createToken: { name: randomUUID(), role: 'viewer', expiresAt: '2099-01-01T00:00:00Z' },
    acknowledgeDocument: { revision: '0', applied: false, errors: ['no memory left'] },
    reportUsage: { sequence: 1, ranges: [{ id: known.allocation, assigned: '1', total: '2', peak: '2', average: '1', declined: '0' }] },
    requestRanges: { domain: 'residential-ipv4', prefixLength: 32, count: 2 },
    releaseRange: { range: known.allocation, prefix: '45.96.0.0/24' },
  };
  const request = requests[operationId];
  if (request === undefined) throw new Error(`there is no good request for ${operationId}: write one`);
  return request;
}

type Place = readonly (string | number)[];

function placesIn(value: Json, at: Place = []): Place[] {
  if (value === null || typeof value !== 'object') return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...at, Array.isArray(value) ? Number(key) : key]))];
}

function replaced(value: Json, [step, ...rest]: Place, by: Json | undefined): Json {
  if (step === undefined || value === null || typeof value !== 'object') return by ?? null;
  const copy = structuredClone(value) as Record<string | number, Json>;
  const inner = copy[step];
  if (rest.length > 0 && inner !== undefined) copy[step] = replaced(inner, rest, by);
  else if (by === undefined) delete copy[step];
  else copy[step] = by;
  return copy as Json;
}

const wrong = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 2, arbitrary: hostilePrefix },
  { weight: 2, arbitrary: hostileTime },
  { weight: 2, arbitrary: hostileId },
  { weight: 2, arbitrary: fc.constantFrom(0, -1, 1.5, 33, 129, 2 ** 53, [], {}, null, true, '9'.repeat(19), '9'.repeat(39)) },
  { weight: 1, arbitrary: anyJson },
  { weight: 1, arbitrary: fc.constant(undefined) },
) as fc.Arbitrary<Json | undefined>;

/** A good request with up to two of its values exchanged for something else, or left out. */
export function nearMiss(operationId: string, known: KnownIds): fc.Arbitrary<Json> {
  return fc.array(fc.tuple(fc.nat(1000), wrong), { maxLength: 2 }).map((changes) =>
    changes.reduce<Json>((request, [pick, by]) => {
      const places = placesIn(request);
      return replaced(request, places[pick % places.length] ?? [], by);
    }, goodRequest(operationId, known)),
  );
}

/** A good request again and again, each time with one of its texts exchanged for one that is trouble of its own kind. */
export function* everyHostileText(operationId: string, known: KnownIds): Generator<Json> {
  for (const place of placesIn(goodRequest(operationId, known))) {
    const value = place.reduce<Json>((within, step) => (within as Record<string | number, Json>)[step] ?? null, goodRequest(operationId, known));
    if (typeof value !== 'string') continue;
    for (const text of [...hostileTexts, ...ofItsKind(value)]) yield replaced(goodRequest(operationId, known), place, text);
  }
}

function ofItsKind(value: string): readonly string[] {
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return hostileTimes;
  if (/^[0-9a-f]{8}-/.test(value)) return hostileIds;
  return value.includes('/') ? hostilePrefixes : [];
}
