/** What the quotas of one turn still allow: each request is charged before anything is taken, and sees those before it. */
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

const names: Readonly<Record<Family, { limit: 'ipv4Addresses' | 'ipv6Subnets'; cap: 'ipv4AddressesPerRequest' | 'ipv6SubnetsPerRequest'; unit: string }>> = {
  ipv4: { limit: 'ipv4Addresses', cap: 'ipv4AddressesPerRequest', unit: 'IPv4 addresses' },
  ipv6: { limit: 'ipv6Subnets', cap: 'ipv6SubnetsPerRequest', unit: 'IPv6 /64 subnets' },
};

export class QuotaLedger {
  /** What one call has asked for so far: several prefixes of one request count together. */
  private readonly calls = new Map<Work, Map<string, bigint>>();

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
    const call = this.callOf(work);
    const key = `${charge.family} ${charge.holder}`;
    const asked = (call.get(key) ?? 0n) + units;
    for (const { quota, used } of concerned) check(quota, charge, asked, used[charge.family], units);
    call.set(key, asked);
    for (const { used } of concerned) used[charge.family] += units;
  }

  /** For what was charged and not given after all. */
  refund(work: Work, { family, holder, length }: Charge): void {
    const concerned = this.concerned(holder);
    const units = unitsOf(family, length);
    for (const { used } of concerned) used[family] -= units;
    const call = this.callOf(work);
    if (concerned.length > 0) call.set(`${family} ${holder}`, (call.get(`${family} ${holder}`) ?? units) - units);
  }

  bounds(holder: string): boolean {
    return this.concerned(holder).length > 0;
  }

  private concerned(holder: string): readonly Account[] {
    return this.accounts.filter(({ quota }) => quota.holder === holder && (quota.spaceId === null || quota.spaceId === this.spaceId));
  }

  private callOf(work: Work): Map<string, bigint> {
    const call = this.calls.get(work) ?? new Map<string, bigint>();
    this.calls.set(work, call);
    return call;
  }
}

function check(quota: Quota, { holder, family }: Charge, inCall: bigint, used: bigint, units: bigint): void {
  const { limit, cap, unit } = names[family];
  const most = quota[cap];
  if (most !== null && inCall > BigInt(most)) {
    throw new CasmError('quota-exceeded', `${holder} may ask for ${most} ${unit} at once, not for ${inCall}`, {
      quota: { id: quota.id, unit: limit, perRequest: true, limit: most, used: String(used), asked: String(inCall) },
    });
  }
  const total = quota[limit];
  if (total === null || used + units <= BigInt(total)) return;
  throw new CasmError('quota-exceeded', `${holder} has ${used} of ${total} ${unit}: ${units} more are too many`, {
    quota: { id: quota.id, unit: limit, perRequest: false, limit: total, used: String(used), asked: String(units) },
  });
}
