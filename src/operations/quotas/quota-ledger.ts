/** What the quotas of one turn still allow: each request is charged before anything is taken, and sees those before it. */
import { counted } from '../../model/counted.js';
import { CasmError } from '../../model/errors.js';
import type { Family } from '../../model/prefix.js';
import { unitsOf, type Quota } from '../../model/quota.js';
import { settleQuotas } from '../../storage/quotas.js';
import type { Tx } from '../../storage/sql.js';
import type { Work } from '../work.js';

export interface Charge {
  readonly holder: string;
  readonly family: Family;
  readonly length: number;
}

interface Account {
  readonly quota: Quota;
  readonly used: Record<Family, bigint>;
}

const names: Readonly<Record<Family, { limit: 'ipv4Addresses' | 'ipv6Subnets'; cap: 'ipv4AddressesPerRequest' | 'ipv6SubnetsPerRequest'; unit: [one: string, many: string] }>> = {
  ipv4: { limit: 'ipv4Addresses', cap: 'ipv4AddressesPerRequest', unit: ['IPv4 address', 'IPv4 addresses'] },
  ipv6: { limit: 'ipv6Subnets', cap: 'ipv6SubnetsPerRequest', unit: ['IPv6 /64 subnet', 'IPv6 /64 subnets'] },
};

/** What a call has asked for so far under each quota, whichever pools it asked: all prefixes of one request count together. */
const calls = new WeakMap<Work, Map<string, bigint>>();

export class QuotaLedger {
  private constructor(
    private readonly accounts: readonly Account[],
    private readonly spaceId: string,
  ) {}

  /** @param ids quotas whose turns are held */
  static async open(tx: Tx, ids: readonly string[], spaceId: string): Promise<QuotaLedger> {
    const quotas = (await settleQuotas(tx, ids)).map((quota) => ({ quota, used: { ipv4: BigInt(quota.used.ipv4Addresses), ipv6: BigInt(quota.used.ipv6Subnets) } }));
    return new QuotaLedger(quotas, spaceId);
  }

  /** @throws CasmError `quota-exceeded`; nothing is charged then */
  charge(work: Work, charge: Charge): void {
    const concerned = this.concerned(charge.holder);
    if (concerned.length === 0) return;
    const units = unitsOf(charge.family, charge.length);
    for (const { quota, used } of concerned) check(quota, charge, askedBy(work, quota, charge.family) + units, used[charge.family], units);
    for (const account of concerned) add(work, account, charge.family, units);
  }

  /** For what was charged and not given after all. */
  refund(work: Work, { family, holder, length }: Charge): void {
    for (const account of this.concerned(holder)) add(work, account, family, -unitsOf(family, length));
  }

  bounds(holder: string): boolean {
    return this.concerned(holder).length > 0;
  }

  private concerned(holder: string): readonly Account[] {
    return this.accounts.filter(({ quota }) => quota.holder === holder && (quota.spaceId === null || quota.spaceId === this.spaceId));
  }
}

function askedBy(work: Work, { id }: Quota, family: Family): bigint {
  return calls.get(work)?.get(`${family} ${id}`) ?? 0n;
}

function add(work: Work, { quota, used }: Account, family: Family, units: bigint): void {
  const asked = askedBy(work, quota, family) + units;
  // What a change takes the place of was asked for by another call.
  calls.set(work, (calls.get(work) ?? new Map<string, bigint>()).set(`${family} ${quota.id}`, asked < 0n ? 0n : asked));
  used[family] += units;
}

function check(quota: Quota, { holder, family }: Charge, inCall: bigint, used: bigint, units: bigint): void {
  const { limit, cap, unit } = names[family];
  const most = quota[cap];
  if (most !== null && inCall > BigInt(most)) {
    throw new CasmError('quota-exceeded', `${holder} may ask for ${counted(most, ...unit)} at once, not for ${inCall}`, {
      quota: { id: quota.id, unit: limit, perRequest: true, limit: most, used: String(used), asked: String(inCall) },
    });
  }
  const total = quota[limit];
  if (total === null || used + units <= BigInt(total)) return;
  throw new CasmError('quota-exceeded', `${holder} has ${used} of ${counted(total, ...unit)}: ${counted(units, 'more is', 'more are')} too many`, {
    quota: { id: quota.id, unit: limit, perRequest: false, limit: total, used: String(used), asked: String(units) },
  });
}
