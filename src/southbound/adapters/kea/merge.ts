/**
 * Lays the ranges of a document over a configuration as the server has it: pure, so that every case can be tried
 * without a server. Touches only subnets tagged as ours; refuses to overlap with anybody else's.
 */
import type { DocumentRange } from '../../../model/document.js';
import { formatPrefix, parsePrefix, type Prefix } from '../../../model/prefix.js';
import { Reject } from '../../adapter.js';
import { type JsonObject, objectsIn } from './exact-json.js';
import type { KeaOptions } from './kea-options.js';
import type { KeaService } from './kea-service.js';
import { PrefixIndex } from './prefix-index.js';
import { overlay, sameForUs, subnetFor, withoutPools } from './range-subnet.js';
import { assignSubnetIds, rangeKey, type SubnetIds } from './subnet-ids.js';
import { ownerOf, subnetId, subnetPrefix } from './subnet.js';

export interface MergeInput {
  readonly service: KeaService;
  readonly device: string;
  readonly options: KeaOptions;
  /** The ranges of this service's family. */
  readonly ranges: readonly DocumentRange[];
  /** The map under `Dhcp4` or `Dhcp6`. */
  readonly running: JsonObject;
  readonly ids: SubnetIds;
  /** Ids of subnets known to be free of leases: only these may be removed. */
  readonly vacated: ReadonlySet<number>;
}

export interface Plan {
  readonly configuration: JsonObject;
  /** False when the server already holds what is wanted. */
  readonly changed: boolean;
  readonly ids: SubnetIds;
  /** Ours, no longer wanted, and kept without a pool until they are free of leases. */
  readonly retiring: readonly RetiringSubnet[];
}

export interface RetiringSubnet {
  readonly id: number;
  readonly prefix: Prefix;
}

interface HeldSubnet {
  readonly key: string | null;
  readonly id: number;
  readonly prefix: Prefix;
  readonly value: JsonObject;
}

/** @throws Reject when a range overlaps with a subnet of others */
export function merge(input: MergeInput): Plan {
  const { service, running } = input;
  const networks = objectsIn(running['shared-networks']);
  const held = [running, ...networks].flatMap((at) => objectsIn(at[service.subnets])).map((value) => heldSubnet(value, input.device));
  const wantedKeys = new Set(input.ranges.map((range) => rangeKey(range.id, range.prefix)));
  const isRetiring = (at: HeldSubnet): boolean => at.key !== null && !wantedKeys.has(at.key) && !input.vacated.has(at.id);
  refuseOverlaps(input.ranges, held.filter((at) => at.key === null));

  const retiring = held.filter(isRetiring);
  // A range inside of what is still being emptied has to wait: Kea would take both, and hand out from either.
  const leaving = new PrefixIndex(retiring);
  const ranges = input.ranges.filter((range) => leaving.overlapping(parsePrefix(range.prefix)) === undefined);
  const ids = assignSubnetIds(input.ids, held, ranges);
  const missing = new Map(ranges.map((range) => [rangeKey(range.id, range.prefix), range]));

  let changed = false;
  const settle = (value: JsonObject): JsonObject[] => {
    const at = heldSubnet(value, input.device);
    if (at.key === null) return [value];
    const range = missing.get(at.key);
    if (range === undefined && !isRetiring(at)) {
      changed = true;
      return [];
    }
    missing.delete(at.key);
    const wanted = range === undefined ? withoutPools(value) : overlay(value, subnetFor(range, at.id, input.device, input.options));
    if (sameForUs(value, wanted)) return [value];
    changed = true;
    return [wanted];
  };
  const settled = (holder: JsonObject): JsonObject =>
    holder[service.subnets] === undefined ? holder : { ...holder, [service.subnets]: objectsIn(holder[service.subnets]).flatMap(settle) };

  const sharedNetworks = networks.map(settled);
  const configuration = settled(running);
  if (networks.length > 0) configuration['shared-networks'] = sharedNetworks;
  const added = [...missing].map(([key, range]) => subnetFor(range, ids.byRange[key] ?? 0, input.device, input.options));
  configuration[service.subnets] = [...objectsIn(configuration[service.subnets]), ...added];
  return { configuration, changed: changed || added.length > 0, ids, retiring: retiring.map(({ id, prefix }) => ({ id, prefix })) };
}

function heldSubnet(value: JsonObject, device: string): HeldSubnet {
  const owner = ownerOf(value);
  const prefix = subnetPrefix(value);
  const key = owner?.device === device ? rangeKey(owner.range, formatPrefix(prefix)) : null;
  return { key, id: subnetId(value), prefix, value };
}

function refuseOverlaps(ranges: readonly DocumentRange[], others: readonly HeldSubnet[]): void {
  const index = new PrefixIndex(others);
  for (const range of ranges) {
    const other = index.overlapping(parsePrefix(range.prefix));
    if (other === undefined) continue;
    const device = ownerOf(other.value)?.device;
    const party = device === undefined ? 'another party' : `the device ${device}`;
    throw new Reject(`${range.prefix} overlaps with the subnet ${formatPrefix(other.prefix)} (id ${other.id}) of ${party} on this server`);
  }
}
