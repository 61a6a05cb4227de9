/** What quotas promise: what a holder has is counted rightly, and it never gets more than it may. */
import type { Family } from '../../src/model/prefix.js';
import type { QuotaRequest } from '../../src/operations/quotas/create-quota.js';
import type { QuotaUpdate } from '../../src/operations/quotas/update-quota.js';
import type { Oracle, Promised } from './promise.js';
import type { QuotaThere, World } from './world.js';

/** So many addresses of IPv4, or /64 subnets of IPv6, of which anything longer is one. */
export const unitsOf = (family: Family, length: number): number => (family === 'ipv4' ? 2 ** (32 - length) : 2 ** Math.max(64 - length, 0));

/** What a holder is to get. */
export interface Charge {
  readonly holder: string;
  readonly spaceId: string;
  readonly family: Family;
  readonly units: number;
}

/**
 * @param breath what others were promised that is not yet theirs
 * @param call what the same request was promised before
 */
export function mayHave(world: World, charge: Charge, breath: readonly Charge[] = [], call: readonly Charge[] = []): boolean {
  const { family, units } = charge;
  const fits = (asked: number, most: number | null): boolean => most === null || asked <= most;
  return [...world.quotas.values()].every((quota) => {
    if (!covers(quota, charge)) return true;
    const withPromised = (before: number, charges: readonly Charge[]): number => charges.filter((one) => one.family === family && covers(quota, one)).reduce((sum, one) => sum + one.units, before + units);
    return fits(withPromised(0, call), quota.mostAtOnce[family]) && fits(withPromised(usedOf(world, quota, family), breath), quota.most[family]);
  });
}

const covers = ({ holder, spaceId }: QuotaThere, one: Pick<Charge, 'holder' | 'spaceId'>): boolean => holder === one.holder && (spaceId === null || spaceId === one.spaceId);

/** Whatever the holder has that has not come to rest. */
function usedOf(world: World, quota: QuotaThere, family: Family): number {
  const counted = [...world.taken.values()].filter(({ poolId, holder, state, prefix }) => state !== 'quarantined' && prefix.family === family && covers(quota, { holder, spaceId: world.pools.get(poolId)?.spaceId ?? '' }));
  return counted.reduce((sum, { prefix }) => sum + unitsOf(family, prefix.length), 0);
}

/** One line each, as the controller's list of quotas should have them. */
export function quotaLines(world: World): string[] {
  return [...world.quotas].map(([id, quota]) => `${id} ${quota.holder}: ${usedOf(world, quota, 'ipv4')} of ${quota.most.ipv4}, ${usedOf(world, quota, 'ipv6')} of ${quota.most.ipv6}`).sort();
}

export const isBounded = (world: World, holder: string): boolean => [...world.quotas.values()].some((quota) => quota.holder === holder);

const limit = (asked: string | null | undefined, before: number | null = null): number | null => (asked === undefined ? before : asked === null ? null : Number(asked));
function limited(asked: Partial<QuotaRequest>, before?: QuotaThere): Pick<QuotaThere, 'most' | 'mostAtOnce'> {
  return {
    most: { ipv4: limit(asked.ipv4Addresses, before?.most.ipv4), ipv6: limit(asked.ipv6Subnets, before?.most.ipv6) },
    mostAtOnce: { ipv4: limit(asked.ipv4AddressesPerRequest, before?.mostAtOnce.ipv4), ipv6: limit(asked.ipv6SubnetsPerRequest, before?.mostAtOnce.ipv6) },
  };
}

export const createQuota: Oracle<QuotaRequest> = (world, request) => {
  const { holder, spaceId = null } = request;
  if ([...world.quotas.values()].some((quota) => quota.holder === holder && quota.spaceId === spaceId)) return { refused: 'name-taken' };
  const quota = { holder, spaceId, ...limited(request) };
  return { done: answer(world, quota), keep: (world, done) => void world.quotas.set((done as { id: string }).id, quota) };
};

const there =
  (promise: (id: string, quota: QuotaThere, world: World) => Promised): Oracle<{ quotaId: string }> =>
  (world, { quotaId }) => {
    const quota = world.quotas.get(quotaId);
    return quota === undefined ? { refused: 'quota-not-found' } : promise(quotaId, quota, world);
  };

export const updateQuota: Oracle<QuotaUpdate> = (world, update) =>
  there((id, before) => {
    const quota = { ...before, ...limited(update, before) };
    return { done: { id, ...answer(world, quota) }, keep: (world) => void world.quotas.set(id, quota) };
  })(world, update);

export const deleteQuota = there((id) => ({
  done: undefined,
  keep: (world) => {
    world.quotas.delete(id);
    world.gone.push(id);
  },
}));

function answer(world: World, quota: QuotaThere): object {
  return { holder: quota.holder, spaceId: quota.spaceId, used: { ipv4Addresses: String(usedOf(world, quota, 'ipv4')), ipv6Subnets: String(usedOf(world, quota, 'ipv6')) } };
}
